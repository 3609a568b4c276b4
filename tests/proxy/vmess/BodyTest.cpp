#include "proxy/vmess/Body.h"
#include "proxy/vmess/Handshake.h"
#include "proxy/vmess/Reading.h"
#include "proxy/vmess/Vectors.h"
#include "support/ForEachSplit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace culvert::vmess {
namespace {

using test::ByteVector;
using test::hex;
using test::readAll;
using test::Reading;
using test::toHex;
using test::Vector;

RequestHeader someRequest(Security security = Security::Aes128Gcm, std::uint8_t option = 0x0d,
                          Command command = Command::Tcp) {
  RequestHeader request;
  request.keys = test::keysOf(ByteVector(16, 3), ByteVector(16, 4));
  request.v = 0x5a;
  request.security = security;
  request.option = option;
  request.command = command;
  return request;
}

std::string joinedHex(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += asText(hex(part));
  return all;
}

HeaderKind kindOf(const Vector& vector) {
  return vector.text("header") == "aead" ? HeaderKind::Aead : HeaderKind::Legacy;
}

/// The request with an empty opening: only the answer matters.
ClientBody clientOf(const Vector& vector) {
  return {kindOf(vector), test::requestOf(vector.object("fields")), Buffer()};
}

TEST(Body, ClientReadsWhatRealServersAnswered) {
  int count = 0;
  for (const Vector& vector : test::vectorsOf("vmess-captured.json")) {
    ++count;
    const ByteVector wire = vector.bytes("response_raw");
    culvert::test::forEachSplit(wire, [&](const std::vector<Bytes>& pieces) {
      ClientBody client = clientOf(vector);
      const Reading reading = readAll(client, pieces);
      ASSERT_EQ(reading.error, std::error_code()) << vector.text("name");
      ASSERT_EQ(reading.joined(), joinedHex(vector.texts("response_plain"))) << vector.text("name");
      ASSERT_TRUE(client.cleanEnd());
      if (vector.has("response_end_chunk")) {
        ASSERT_EQ(reading.done, vector.flag("response_end_chunk")) << vector.text("name");
      }
    });
  }
  EXPECT_EQ(count, 36);
}

TEST(Body, ServerReadsWhatRealClientsSent) {
  int count = 0;
  for (const Vector& vector : test::vectorsOf("vmess-captured.json")) {
    if (!vector.has("request_plain")) continue;
    ++count;
    const ByteVector raw = vector.bytes("request_raw");
    const Bytes body = Bytes(raw).subspan(static_cast<std::size_t>(vector.number("header_length")));
    culvert::test::forEachSplit(body, [&](const std::vector<Bytes>& pieces) {
      ServerBody server(kindOf(vector), test::requestOf(vector.object("fields")));
      const Reading reading = readAll(server, pieces);
      ASSERT_EQ(reading.error, std::error_code()) << vector.text("name");
      ASSERT_EQ(reading.joined(), joinedHex(vector.texts("request_plain"))) << vector.text("name");
      // One recording ends behind the length of its end chunk.
      const bool sawEnd = reading.done || reading.left == 2;
      ASSERT_EQ(sawEnd, vector.flag("request_end_chunk")) << vector.text("name");
    });
  }
  EXPECT_EQ(count, 24);
}

TEST(Body, BothEndsOfRecordedTunnelsAreReadWhole) {
  int count = 0;
  for (const Vector& vector : test::vectorsOf("vmess-reverse-captured.json")) {
    ++count;
    const RequestHeader request = test::requestOf(vector.object("fields"));
    const ByteVector raw = vector.bytes("request_raw"), answer = vector.bytes("response_raw");
    ServerBody server(kindOf(vector), request);
    const Reading up = readAll(
        server, {Bytes(raw).subspan(static_cast<std::size_t>(vector.number("header_length")))});
    EXPECT_EQ(up.error, std::error_code()) << vector.text("name");
    EXPECT_EQ(up.left, 0u) << vector.text("name");
    ClientBody client = clientOf(vector);
    const Reading down = readAll(client, {answer});
    EXPECT_EQ(down.error, std::error_code()) << vector.text("name");
    EXPECT_EQ(down.left, 0u) << vector.text("name");
    // Each data frame of the recorded sessions is in there, in plain.
    for (const auto& [frames, text] : {std::pair{"portal_to_bridge_frames", down.joined()},
                                       std::pair{"bridge_to_portal_frames", up.joined()}}) {
      std::size_t at = 0;
      for (const Vector& frame : vector.objects(frames)) {
        if (!frame.has("data")) continue;
        const ByteVector data = frame.bytes("data");
        at = text.find(asText(data), at);
        ASSERT_NE(at, std::string::npos) << vector.text("name");
        at += data.size();
      }
    }
  }
  EXPECT_EQ(count, 4);
}

TEST(Body, ResponseHeaderLeavesWithTheFirstAnswer) {
  ServerBody server(HeaderKind::Aead, someRequest(Security::None, 0x01));
  Buffer out;
  const Bytes piece = asBytes("answer");
  server.seal(Pieces(&piece, 1), out);
  server.flush(out);
  EXPECT_EQ(out.size(), 18u + 4 + 16 + 2 + 6);
  const std::size_t before = out.size();
  server.flush(out);
  EXPECT_EQ(out.size(), before) << "once";
}

TEST(Body, ResponseWithoutDataIsAHeaderAndAnEnd) {
  const RequestHeader request = someRequest();
  ServerBody server(HeaderKind::Aead, request);
  Buffer out;
  server.finish(out);
  ClientBody client(HeaderKind::Aead, request, Buffer());
  const Reading reading = readAll(client, {out.view()});
  EXPECT_TRUE(reading.done);
  EXPECT_TRUE(reading.frames.empty());
}

TEST(Body, OpeningLeavesWithTheFirstPayloadOrWhenAsked) {
  Buffer opening;
  opening.append(asBytes("OPENING"));
  ClientBody with(HeaderKind::Aead, someRequest(Security::None, 0x01), std::move(opening));
  Buffer out;
  const Bytes piece = asBytes("hi");
  with.seal(Pieces(&piece, 1), out);
  with.flush(out);
  EXPECT_EQ(asText(out.view()), std::string_view("OPENING\0\2hi", 11));

  Buffer again;
  again.append(asBytes("OPENING"));
  ClientBody alone(HeaderKind::Aead, someRequest(), std::move(again));
  Buffer alonePart;
  alone.flush(alonePart);
  EXPECT_EQ(asText(alonePart.view()), "OPENING");
}

TEST(Body, RoundTripsInEveryKindAndSecurity) {
  for (const HeaderKind kind : {HeaderKind::Aead, HeaderKind::Legacy}) {
    for (const Security security :
         {Security::Legacy, Security::Aes128Gcm, Security::ChaCha20Poly1305, Security::None}) {
      for (const std::uint8_t option : ByteVector{0x00, 0x01, 0x05, 0x0d, 0x1d}) {
        const RequestHeader request = someRequest(security, option);
        ServerBody server(kind, request);
        ClientBody client(kind, request, Buffer());
        Buffer up, down;
        const std::string large(100'000, 'q');
        const Bytes question = asBytes(large), answer = asBytes("answer");
        client.seal(Pieces(&question, 1), up);
        client.finish(up);
        server.seal(Pieces(&answer, 1), down);
        server.finish(down);
        const Reading atServer = readAll(server, {up.view()}),
                      atClient = readAll(client, {down.view()});
        EXPECT_EQ(atServer.joined(), large);
        EXPECT_EQ(atClient.joined(), "answer");
        const bool framed = ChunkFormat(security, option, Command::Tcp).framed;
        EXPECT_EQ(atServer.done, framed);
        EXPECT_EQ(atClient.done, framed);
        EXPECT_EQ(client.sealed(), server.opened());
      }
    }
  }
}

TEST(Body, ClientRefusesAnotherRequestsAnswer) {
  for (const HeaderKind kind : {HeaderKind::Aead, HeaderKind::Legacy}) {
    const RequestHeader request = someRequest();
    RequestHeader other = someRequest();
    other.v = 0x5b;
    ServerBody server(kind, other);
    Buffer out;
    server.finish(out);
    ClientBody client(kind, request, Buffer());
    EXPECT_EQ(readAll(client, {out.view()}).error, Errc::BadHeader);
  }
}

TEST(Body, ClientRefusesEveryFlippedBitOfAnAeadResponse_AUTH_8) {
  const RequestHeader request = someRequest();
  ServerBody server(HeaderKind::Aead, request);
  Buffer out;
  server.flush(out);
  for (std::size_t bit = 0; bit < out.size() * 8; ++bit) {
    ByteVector damaged(out.view().begin(), out.view().end());
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    ClientBody client(HeaderKind::Aead, request, Buffer());
    EXPECT_TRUE(readAll(client, {damaged}).error) << bit;
    EXPECT_FALSE(client.cleanEnd());
  }
}

TEST(Body, ClientSkipsCommandsOfAnyKind_AUTH_8) {
  int count = 0;
  for (const Vector& vector : test::vectorsOf("vmess-response-header.json")) {
    ++count;
    RequestHeader request = someRequest(Security::None, 0x01);
    request.keys = test::keysOf(vector.bytes("request_key"), vector.bytes("request_iv"));
    request.v = static_cast<std::uint8_t>(vector.number("v"));
    ByteVector wire = vector.bytes("sealed");
    for (const char c : std::string("\0\2hi", 4)) wire.push_back(static_cast<std::uint8_t>(c));
    culvert::test::forEachSplit(wire, [&](const std::vector<Bytes>& pieces) {
      ClientBody client(kindOf(vector), request, Buffer());
      const Reading reading = readAll(client, pieces);
      ASSERT_EQ(reading.error, std::error_code()) << vector.text("name");
      ASSERT_EQ(reading.joined(), "hi") << vector.text("name");
    });
  }
  EXPECT_EQ(count, 8);
}

TEST(Body, EndBeforeTheResponseHeaderIsNotClean) {
  const RequestHeader request = someRequest();
  ClientBody client(HeaderKind::Aead, request, Buffer());
  EXPECT_FALSE(client.cleanEnd());
  ServerBody server(HeaderKind::Aead, request);
  EXPECT_TRUE(server.cleanEnd());
  Buffer out;
  server.flush(out);
  readAll(client, {out.view()});
  EXPECT_TRUE(client.cleanEnd());
}

TEST(Body, CarriesPacketsForUdpAlone) {
  EXPECT_TRUE(
      ServerBody(HeaderKind::Aead, someRequest(Security::Aes128Gcm, 0x0d, Command::Udp)).packets());
  EXPECT_FALSE(ServerBody(HeaderKind::Aead, someRequest()).packets());
  EXPECT_FALSE(
      ClientBody(HeaderKind::Aead, someRequest(Security::Aes128Gcm, 0x0d, Command::Mux), Buffer())
          .packets());
}

}  // namespace
}  // namespace culvert::vmess

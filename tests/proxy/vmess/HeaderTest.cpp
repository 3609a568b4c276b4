#include "crypto/Cfb.h"
#include "proxy/vmess/Header.h"
#include "proxy/vmess/Vectors.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::vmess {
namespace {

using test::ByteVector;
using test::hex;
using test::toHex;
using test::Vector;

AeadStamp stampOf(const Vector& vector) {
  AeadStamp stamp;
  stamp.seconds = vector.number("timestamp");
  const ByteVector random = vector.bytes("random4"), nonce = vector.bytes("nonce8");
  std::copy(random.begin(), random.end(), stamp.random.begin());
  std::copy(nonce.begin(), nonce.end(), stamp.nonce.begin());
  return stamp;
}

void expectEqual(const RequestHeader& got, const RequestHeader& expected, const std::string& name) {
  EXPECT_TRUE(equalSecrets(got.keys.key.view(), expected.keys.key.view())) << name;
  EXPECT_TRUE(equalSecrets(got.keys.iv.view(), expected.keys.iv.view())) << name;
  EXPECT_EQ(got.v, expected.v) << name;
  EXPECT_EQ(got.option, expected.option) << name;
  EXPECT_EQ(got.security, expected.security) << name;
  EXPECT_EQ(got.command, expected.command) << name;
  EXPECT_EQ(got.target, expected.target) << name;
}

/// A plaintext header with something else at some offset and a right checksum.
ByteVector patched(std::size_t offset, std::uint8_t value) {
  ByteVector plain =
      hex("01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
          "4c0d030001005001c0000207");
  plain[offset] = value;
  Buffer checksum;
  std::uint32_t hash = 0x811c9dc5;
  for (const std::uint8_t byte : plain) hash = (hash ^ byte) * 0x01000193;
  checksum.appendU32be(hash);
  plain.insert(plain.end(), checksum.view().begin(), checksum.view().end());
  return plain;
}

TEST(Header, WritesTheRequestsOfTheVectors) {
  int aead = 0, legacy = 0;
  for (const Vector& vector : test::vectorsOf("vmess-request-header.json")) {
    const Vector fields = vector.object("fields");
    Buffer plain, sealed;
    appendRequest(plain, test::requestOf(fields), fields.bytes("padding"));
    EXPECT_EQ(toHex(plain.view()), vector.text("plain")) << vector.text("name");

    const crypto::Key16 key = commandKey(test::uuidOf(vector.text("uuid")));
    if (vector.text("header") == "aead") {
      ++aead;
      sealAeadRequest(sealed, key.view(), stampOf(vector), plain.view());
    } else {
      ++legacy;
      EXPECT_EQ(toHex(key.view()), vector.text("cfb_key"));
      sealLegacyRequest(sealed, key.view(), test::uuidOf(vector.text("auth_id_uuid")),
                        vector.number("timestamp"), plain.view());
    }
    EXPECT_EQ(toHex(sealed.view()), vector.text("sealed")) << vector.text("name");
  }
  EXPECT_EQ(aead, 13);
  EXPECT_EQ(legacy, 26);
}

TEST(Header, DerivesTheIntermediateKeysOfTheVectors) {
  for (const Vector& vector : test::vectorsOf("vmess-request-header.json")) {
    if (vector.text("header") != "aead") continue;
    const crypto::Key16 key = commandKey(test::uuidOf(vector.text("uuid")));
    const ByteVector id = vector.bytes("auth_id"), nonce = vector.bytes("nonce8");
    EXPECT_EQ(toHex(kdf16(key.view(), {asBytes(salt::kRequestLengthKey), id, nonce}).view()),
              vector.text("length_key"));
    EXPECT_EQ(toHex(kdf12(key.view(), {asBytes(salt::kRequestLengthNonce), id, nonce})),
              vector.text("length_nonce"));
    EXPECT_EQ(toHex(kdf16(key.view(), {asBytes(salt::kRequestKey), id, nonce}).view()),
              vector.text("header_key"));
    EXPECT_EQ(toHex(kdf12(key.view(), {asBytes(salt::kRequestNonce), id, nonce})),
              vector.text("header_nonce"));
  }
}

TEST(Header, ReadsTheRequestsOfTheVectors) {
  for (const Vector& vector : test::vectorsOf("vmess-request-header.json")) {
    const ByteVector plain = vector.bytes("plain");
    EXPECT_EQ(requestLength(plain), plain.size()) << vector.text("name");
    const Result<RequestHeader> header = parseRequest(plain);
    ASSERT_TRUE(header) << vector.text("name");
    expectEqual(header.value(), test::requestOf(vector.object("fields")), vector.text("name"));
  }
}

TEST(Header, SaysForEveryPrefixThatMoreIsNeeded) {
  for (const Vector& vector : test::vectorsOf("vmess-request-header.json")) {
    const ByteVector plain = vector.bytes("plain");
    for (std::size_t size = 0; size < plain.size(); ++size) {
      const std::size_t needed = requestLength(Bytes(plain).first(size));
      EXPECT_GT(needed, size) << vector.text("name");
      EXPECT_LE(needed, plain.size()) << vector.text("name");
      EXPECT_FALSE(parseRequest(Bytes(plain).first(size))) << vector.text("name");
    }
  }
}

TEST(Header, RefusesEveryFlippedBitOfAPlaintextHeader) {
  for (const Vector& vector : test::vectorsOf("vmess-request-header.json")) {
    const ByteVector plain = vector.bytes("plain");
    for (std::size_t bit = 0; bit < plain.size() * 8; ++bit) {
      ByteVector damaged = plain;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      EXPECT_FALSE(parseRequest(damaged)) << vector.text("name") << ", bit " << bit;
    }
  }
}

TEST(Header, RefusesWhatNobodyMaySend_AUTH_5) {
  EXPECT_TRUE(parseRequest(patched(34, 0x0d)));
  for (const std::uint8_t option : ByteVector{0x08, 0x09, 0x18, 0x19, 0xf8}) {
    EXPECT_EQ(parseRequest(patched(34, option)).error(), Errc::BadHeader)
        << "padding without masking";
  }
  for (const std::uint8_t security : ByteVector{2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}) {
    EXPECT_EQ(parseRequest(patched(35, security)).error(), Errc::BadHeader) << int{security};
  }
  for (const std::uint8_t type : ByteVector{0, 4, 0xff})
    EXPECT_FALSE(parseRequest(patched(40, type))) << int{type};
}

TEST(Header, IgnoresVersionReservedByteAndUnknownOptions) {
  for (const std::uint8_t version : ByteVector{0, 2, 255})
    EXPECT_TRUE(parseRequest(patched(0, version)));
  EXPECT_TRUE(parseRequest(patched(36, 7)));
  EXPECT_TRUE(parseRequest(patched(34, 0xe2 | 0x0d)));
}

TEST(Header, ReadsSecurityZeroAsLegacy) {
  const Result<RequestHeader> header = parseRequest(patched(35, 0));
  ASSERT_TRUE(header);
  EXPECT_EQ(header.value().security, Security::Legacy);
}

TEST(Header, RefusesEveryCommandButThree) {
  for (int command = 0; command < 256; ++command) {
    ByteVector plain = patched(37, static_cast<std::uint8_t>(command));
    if (command != 1 && command != 2) {  // no address: the header is shorter
      plain.resize(38);
      std::uint32_t hash = 0x811c9dc5;
      for (const std::uint8_t byte : plain) hash = (hash ^ byte) * 0x01000193;
      for (int shift = 24; shift >= 0; shift -= 8)
        plain.push_back(static_cast<std::uint8_t>(hash >> shift));
    }
    EXPECT_EQ(parseRequest(plain).ok(), command >= 1 && command <= 3) << command;
  }
}

TEST(Header, RoundTripsTheLargestHeader) {
  RequestHeader header;
  header.option = 0x0d;
  header.target = {Network::Tcp, std::string(255, 'x'), 443};
  Buffer plain;
  appendRequest(plain, header, ByteVector(15, 9));
  EXPECT_EQ(plain.size(), kMaxRequestBytes);
  const Result<RequestHeader> read = parseRequest(plain.view());
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().target, header.target);
}

// ---- Responses.

ByteVector sealedResponse(const Vector& vector) {
  const BodyKeys keys = test::keysOf(vector.bytes("response_key"), vector.bytes("response_iv"));
  Buffer out;
  if (vector.text("header") == "aead") {
    sealAeadResponse(out, keys, vector.bytes("plain"));
  } else {
    out.append(vector.bytes("plain"));
    crypto::AesCfb(crypto::Way::Encrypt, keys.key.view(), keys.iv.view()).apply(out.bytes());
  }
  return {out.view().begin(), out.view().end()};
}

TEST(Header, WritesAndReadsTheResponsesOfTheVectors) {
  int count = 0;
  for (const Vector& vector : test::vectorsOf("vmess-response-header.json")) {
    ++count;
    const bool isAead = vector.text("header") == "aead";
    const BodyKeys request = test::keysOf(vector.bytes("request_key"), vector.bytes("request_iv"));
    const BodyKeys keys = responseKeys(isAead ? HeaderKind::Aead : HeaderKind::Legacy, request);
    EXPECT_EQ(toHex(keys.key.view()), vector.text("response_key"));
    EXPECT_EQ(toHex(keys.iv.view()), vector.text("response_iv"));

    const ByteVector data = vector.bytes("command_data");
    Buffer plain;
    appendResponse(plain, {static_cast<std::uint8_t>(vector.number("v")),
                           static_cast<std::uint8_t>(vector.number("command")), data});
    EXPECT_EQ(toHex(plain.view()), vector.text("plain")) << vector.text("name");
    EXPECT_EQ(toHex(sealedResponse(vector)), vector.text("sealed")) << vector.text("name");

    const Result<ResponseHeader> read = parseResponse(plain.view());
    ASSERT_TRUE(read);
    EXPECT_EQ(read.value().v, vector.number("v"));
    EXPECT_EQ(read.value().command, vector.number("command"));
    EXPECT_EQ(toHex(read.value().commandData), vector.text("command_data"));
    if (vector.has("parsed")) {
      const auto wish = parseSwitchAccount(read.value().commandData);
      ASSERT_TRUE(wish);
      EXPECT_EQ(wish->host, vector.object("parsed").text("host"));
      EXPECT_EQ(wish->port, vector.object("parsed").number("port"));
    }
  }
  EXPECT_EQ(count, 8);
}

TEST(Header, OpensSealedResponsesAndRefusesEveryFlippedBit) {
  for (const Vector& vector : test::vectorsOf("vmess-response-header.json")) {
    if (vector.text("header") != "aead") continue;
    const BodyKeys keys = test::keysOf(vector.bytes("response_key"), vector.bytes("response_iv"));
    const auto open = [&](ByteVector sealed) {
      const MutableBytes all(sealed);
      const auto length = openAeadResponseLength(keys, all.first(kSealedResponseLengthBytes));
      if (!length || length.value() + 16 + kSealedResponseLengthBytes > all.size())
        return std::string("no");
      const auto plain =
          openAeadResponse(keys, all.subspan(kSealedResponseLengthBytes, length.value() + 16));
      return plain ? toHex(plain.value()) : std::string("no");
    };
    const ByteVector sealed = vector.bytes("sealed");
    EXPECT_EQ(open(sealed), vector.text("plain"));
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      ByteVector damaged = sealed;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      EXPECT_EQ(open(damaged), "no") << vector.text("name") << ", bit " << bit;
    }
  }
}

TEST(Header, IgnoresACommandLengthWithoutACommand) {
  const Result<ResponseHeader> header = parseResponse(hex("2a0000ff"));
  ASSERT_TRUE(header);
  EXPECT_TRUE(header.value().commandData.empty());
  EXPECT_EQ(parseResponse(hex("2a0001ff00")).error(), Errc::Truncated);
}

TEST(Header, SurvivesDamagedSwitchCommands_AUTH_8) {
  const ByteVector good = hex("7c452bcc0042941111111122223333444455555555555500040003");
  ASSERT_TRUE(parseSwitchAccount(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parseSwitchAccount(Bytes(good).first(size))) << size;
  }
  // One byte short with a right checksum: what CVE-2021-4070 died of.
  Buffer shorter;
  ByteVector body(good.begin() + 4, good.end() - 1);
  std::uint32_t hash = 0x811c9dc5;
  for (const std::uint8_t byte : body) hash = (hash ^ byte) * 0x01000193;
  shorter.appendU32be(hash);
  shorter.append(body);
  EXPECT_FALSE(parseSwitchAccount(shorter.view()));
}

}  // namespace
}  // namespace culvert::vmess

#include "proxy/vmess/Chunks.h"
#include "proxy/vmess/Reading.h"
#include "proxy/vmess/Vectors.h"
#include "support/ForEachSplit.h"

#include <gtest/gtest.h>

#include <algorithm>
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

/// Padding a test chose, given out in turn.
ByteVector chosenPadding;
void givePadding(MutableBytes out) {
  ASSERT_GE(chosenPadding.size(), out.size());
  std::copy_n(chosenPadding.begin(), out.size(), out.begin());
  chosenPadding.erase(chosenPadding.begin(),
                      chosenPadding.begin() + static_cast<std::ptrdiff_t>(out.size()));
}

/// A body vector as objects.
struct Body {
  explicit Body(const Vector& vector)
      : name(vector.text("name")),
        format(static_cast<Security>(vector.number("security")),
               static_cast<std::uint8_t>(vector.number("option")),
               vector.text("network") == "udp" ? Command::Udp : Command::Tcp),
        own(test::keysOf(vector.bytes("body_key"), vector.bytes("body_iv"))),
        request(test::keysOf(vector.bytes("request_key"), vector.bytes("request_iv"))),
        wire(vector.bytes("wire")) {
    for (const Vector& chunk : vector.objects("chunks")) {
      payloads.push_back(chunk.bytes("payload"));
      const ByteVector bytes = chunk.bytes("padding");
      padding.insert(padding.end(), bytes.begin(), bytes.end());
      paddings.push_back(bytes.size());
      wires.push_back(chunk.bytes("wire"));
    }
    ended = payloads.back().empty();
    if (vector.has("first_chunk_index"))
      first = static_cast<std::uint64_t>(vector.number("first_chunk_index"));
    // Behind a legacy response header the stream cipher has already been used.
    const std::string note = vector.has("note") ? vector.text("note") : "";
    header = hexBehind(note, "header plain ");
    sealedHeader = hexBehind(note, "is encrypted first as ");
  }

  /// The digits behind `words` in a note; nothing when they are not in it.
  static ByteVector hexBehind(const std::string& note, const std::string& words) {
    const std::size_t found = note.find(words);
    if (found == std::string::npos) return {};
    const std::size_t begin = found + words.size();
    return hex(note.substr(begin, note.find_first_not_of("0123456789abcdef", begin) - begin));
  }

  [[nodiscard]] std::optional<crypto::AesCfb> streamBehindHeader(crypto::Way way) const {
    if (header.empty()) return std::nullopt;
    crypto::AesCfb stream(way, own.key.view(), own.iv.view());
    ByteVector bytes = way == crypto::Way::Encrypt ? header : sealedHeader;
    stream.apply(bytes);
    EXPECT_EQ(bytes, way == crypto::Way::Encrypt ? sealedHeader : header);
    return stream;
  }
  [[nodiscard]] ChunkSealer sealer() const {
    return {format, own, request, streamBehindHeader(crypto::Way::Encrypt), givePadding};
  }
  [[nodiscard]] ChunkOpener opener() const {
    ChunkOpener opener(format, own, request);
    if (auto stream = streamBehindHeader(crypto::Way::Decrypt))
      opener.continueStream(std::move(*stream));
    return opener;
  }
  [[nodiscard]] std::string joined() const {
    std::string all;
    for (const ByteVector& payload : payloads) all += asText(payload);
    return all;
  }

  std::string name;
  ChunkFormat format;
  BodyKeys own, request;
  ByteVector wire, padding, header, sealedHeader;
  std::vector<ByteVector> payloads, wires;
  std::vector<std::size_t> paddings;
  bool ended = false;
  std::uint64_t first = 0;
};

/// All body vectors but the two that begin just before the nonce wraps.
std::vector<Body> bodies() {
  std::vector<Body> all;
  for (const Vector& vector : test::vectorsOf("vmess-body.json")) {
    Body body(vector);
    if (body.first == 0) all.push_back(std::move(body));
  }
  EXPECT_EQ(all.size(), 216u);
  return all;
}

ByteVector sealed(ChunkSealer& sealer, const std::vector<ByteVector>& payloads) {
  Buffer out;
  for (const ByteVector& payload : payloads) {
    if (payload.empty()) {
      sealer.finish(out);
      continue;
    }
    const Bytes pieces[] = {Bytes(payload).first(payload.size() / 2),
                            Bytes(payload).subspan(payload.size() / 2)};
    sealer.seal(pieces, out);
    sealer.flush(out);
  }
  return {out.view().begin(), out.view().end()};
}

TEST(Chunks, AreSealedAsInTheVectors) {
  for (const Body& body : bodies()) {
    chosenPadding = body.padding;
    ChunkSealer sealer = body.sealer();
    EXPECT_EQ(toHex(sealed(sealer, body.payloads)), toHex(body.wire)) << body.name;
    EXPECT_TRUE(chosenPadding.empty()) << body.name;
  }
}

TEST(Chunks, AreOpenedAsInTheVectorsHoweverTheyAreCut) {
  for (const Body& body : bodies()) {
    culvert::test::forEachSplit(body.wire, [&](const std::vector<Bytes>& pieces) {
      ChunkOpener opener = body.opener();
      const Reading reading = readAll(opener, pieces);
      ASSERT_EQ(reading.error, std::error_code()) << body.name;
      ASSERT_EQ(reading.joined(), body.joined()) << body.name;
      ASSERT_EQ(reading.done, body.ended) << body.name;
      if (!body.format.framed) return;
      ASSERT_EQ(reading.frames.size(), body.payloads.size() - 1) << body.name;
      for (std::size_t i = 0; i < reading.frames.size(); ++i) {
        ASSERT_EQ(reading.frames[i], asText(body.payloads[i])) << body.name;
      }
      ASSERT_EQ(opener.count(), body.payloads.size()) << body.name;
    });
  }
}

TEST(Chunks, SayForEveryPrefixHowMuchMoreIsNeeded) {
  for (const Body& body : bodies()) {
    if (!body.format.framed) continue;
    const ByteVector& chunk = body.wires[0];
    for (std::size_t size = 1; size < chunk.size(); ++size) {
      ChunkOpener opener = body.opener();
      ByteVector prefix(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(size));
      const Step step = opener.open(prefix);
      ASSERT_EQ(step.kind, Step::Kind::NeedMore) << body.name << ", " << size;
      ASSERT_EQ(step.used,
                size < body.format.lengthBytes() ? body.format.lengthBytes() : chunk.size())
          << body.name << ", " << size;
    }
  }
}

TEST(Chunks, DeliverNothingOfADamagedChunk_CRY_4) {
  // Behind the vector come more bytes, so that a length made larger finds what it asks for.
  constexpr std::size_t kBehind = 70'000;
  std::size_t flips = 0;
  for (const Body& body : bodies()) {
    if (body.format.cipher != ChunkFormat::Cipher::Aead) continue;
    const bool everyBit = body.name.find("/tcp/aead/req") != std::string::npos;
    ByteVector wire = body.wire;
    wire.resize(wire.size() + kBehind);
    std::size_t chunk = 0, begin = 0;
    for (std::size_t at = 0; at < body.wire.size(); ++at) {
      if (at == begin + body.wires[chunk].size()) begin += body.wires[chunk++].size();
      // Nothing authenticates the padding.
      if (at >= begin + body.wires[chunk].size() - body.paddings[chunk]) continue;
      for (unsigned bit = everyBit ? 0 : at % 8; bit < (everyBit ? 8 : at % 8 + 1); ++bit) {
        std::copy(body.wire.begin(), body.wire.end(), wire.begin());
        wire[at] ^= static_cast<std::uint8_t>(1u << bit);
        ChunkOpener opener = body.opener();
        const Reading reading = readAll(opener, {wire});
        ASSERT_TRUE(reading.error) << body.name << ", byte " << at << ", bit " << bit;
        ASSERT_EQ(reading.frames.size(), std::min(chunk, body.payloads.size() - 1)) << body.name;
        ++flips;
      }
    }
  }
  EXPECT_GT(flips, 40'000u);
}

TEST(Chunks, DetectDamageToChecksummedPayload) {
  for (const Body& body : bodies()) {
    if (body.format.cipher != ChunkFormat::Cipher::Cfb || !body.format.framed) continue;
    ByteVector wire = body.wires[1];  // behind chunk 0, so that the stream is under way
    ByteVector all = body.wires[0];
    wire[10] ^= 1;
    all.insert(all.end(), wire.begin(), wire.end());
    ChunkOpener opener = body.opener();
    const Reading reading = readAll(opener, {all});
    EXPECT_EQ(reading.error, Errc::BadTag) << body.name;
    EXPECT_EQ(reading.frames.size(), 1u) << body.name;
  }
}

TEST(Chunks, WrapTheirNonceAsV2RayDoes_CRY_2) {
  int wraps = 0;
  for (const Vector& vector : test::vectorsOf("vmess-body.json")) {
    const Body body(vector);
    if (body.first == 0) continue;
    ++wraps;
    ASSERT_EQ(body.first, 65'535u);
    ChunkSealer sealer = body.sealer();
    ChunkOpener opener = body.opener();
    Buffer before;
    const Bytes x = asBytes("x");
    for (std::uint64_t i = 0; i < body.first; ++i) {
      sealer.seal(Pieces(&x, 1), before);
      sealer.flush(before);
    }
    EXPECT_EQ(readAll(opener, {before.view()}).frames.size(), body.first);
    EXPECT_EQ(toHex(sealed(sealer, body.payloads)), toHex(body.wire)) << body.name;
    EXPECT_EQ(readAll(opener, {body.wire}).joined(), body.joined()) << body.name;
    EXPECT_EQ(sealer.count(), body.first + body.payloads.size());
    EXPECT_EQ(opener.count(), sealer.count());
  }
  EXPECT_EQ(wraps, 2);
}

struct Combination {
  Security security;
  std::uint8_t option;
  Command command = Command::Tcp;
};
std::vector<Combination> combinations() {
  std::vector<Combination> all;
  for (const Security security :
       {Security::Legacy, Security::Aes128Gcm, Security::ChaCha20Poly1305, Security::None}) {
    for (const std::uint8_t option : ByteVector{0x00, 0x01, 0x04, 0x05, 0x0d, 0x11, 0x15, 0x1d}) {
      all.push_back({security, option});
      all.push_back({security, option, Command::Mux});
      if (security != Security::None || (option & 1) != 0)
        all.push_back({security, option, Command::Udp});
    }
  }
  return all;
}

const BodyKeys& someKeys() {
  static const BodyKeys keys = test::keysOf(ByteVector(16, 1), ByteVector(16, 2));
  return keys;
}

TEST(Chunks, PassTheWrapWithEveryCipherAndOption_CRY_2) {
  const Combination each[] = {{Security::Legacy, 0x0d},
                              {Security::Aes128Gcm, 0x01},
                              {Security::Aes128Gcm, 0x0d},
                              {Security::Aes128Gcm, 0x1d},
                              {Security::ChaCha20Poly1305, 0x05},
                              {Security::ChaCha20Poly1305, 0x1d},
                              {Security::None, 0x05},
                              {Security::Aes128Gcm, 0x0d, Command::Udp}};
  for (const Combination& c : each) {
    const ChunkFormat format(c.security, c.option, c.command);
    ChunkSealer sealer(format, someKeys(), someKeys());
    ChunkOpener opener(format, someKeys(), someKeys());
    Buffer wire;
    for (int i = 0; i < 65'540; ++i) {
      const std::string payload = std::to_string(i);
      const Bytes piece = asBytes(payload);
      sealer.seal(Pieces(&piece, 1), wire);
      sealer.flush(wire);
      const Step step = opener.open(wire.bytes());
      ASSERT_EQ(step.kind, Step::Kind::Frame) << i;
      ASSERT_EQ(asText(step.plain), payload) << i;
      ASSERT_EQ(step.used, wire.size()) << i;
      wire.clear();
    }
    EXPECT_EQ(sealer.count(), 65'540u);
  }
}

TEST(Chunks, ShareAnOpenChunkUntilItIsFull) {
  for (const Combination& c : combinations()) {
    const ChunkFormat format(c.security, c.option, c.command);
    if (!format.framed || format.packets) continue;
    ChunkSealer sealer(format, someKeys(), someKeys());
    ChunkOpener opener(format, someKeys(), someKeys());
    Buffer wire;
    std::string all;
    for (const std::size_t size : {1, 8, 14'992, 100, 0, 15'000, 40'000, 3}) {
      const std::string text(size, static_cast<char>('a' + size % 26));
      const Bytes pieces[] = {asBytes(text).first(size / 3), asBytes(text).subspan(size / 3)};
      sealer.seal(pieces, wire);
      all += text;
    }
    sealer.flush(wire);
    sealer.flush(wire);  // nothing is open: nothing happens
    const Reading reading = readAll(opener, {wire.view()});
    EXPECT_EQ(reading.joined(), all);
    ASSERT_EQ(reading.frames.size(), (all.size() + kMaxSentPayload - 1) / kMaxSentPayload);
    for (std::size_t i = 0; i + 1 < reading.frames.size(); ++i) {
      EXPECT_EQ(reading.frames[i].size(), kMaxSentPayload);
    }
    EXPECT_EQ(reading.left, 0u);
  }
}

TEST(Chunks, StayPatchableWhenTheBufferIsConsumedInBetween) {
  // What was closed may be sent while the last chunk is still open.
  const ChunkFormat format(Security::Aes128Gcm, 0x0d, Command::Tcp);
  ChunkSealer sealer(format, someKeys(), someKeys());
  ChunkOpener opener(format, someKeys(), someKeys());
  Buffer out;
  const std::string large(kMaxSentPayload, 'a');
  const Bytes first[] = {asBytes(large), asBytes("open")};
  sealer.seal(first, out);
  Buffer sent;
  const std::size_t closed = out.size() - (2 + 4);
  sent.append(out.view().first(closed));
  out.consume(closed);
  const Bytes more = asBytes(" chunk");
  sealer.seal(Pieces(&more, 1), out);
  sealer.flush(out);
  sent.append(out.view());
  EXPECT_EQ(readAll(opener, {sent.view()}).joined(), large + "open chunk");
}

TEST(Chunks, NeverSplitMergeOrEmptyADatagram) {
  for (const Combination& c : combinations()) {
    if (c.command != Command::Udp) continue;
    const ChunkFormat format(c.security, c.option, c.command);
    if (!format.framed) continue;
    ChunkSealer sealer(format, someKeys(), someKeys());
    ChunkOpener opener(format, someKeys(), someKeys());
    Buffer wire;
    const std::string texts[] = {"one", "", std::string(1900, 'x'), std::string(1901, 'y'), "t"};
    for (const std::string& text : texts) {
      const Bytes pieces[] = {asBytes(text).first(text.size() / 2),
                              asBytes(text).subspan(text.size() / 2)};
      sealer.seal(pieces, wire);
    }
    const std::size_t before = wire.size();
    sealer.flush(wire);
    EXPECT_EQ(wire.size(), before);
    const Reading reading = readAll(opener, {wire.view()});
    ASSERT_EQ(reading.frames, (std::vector<std::string>{"one", std::string(1900, 'x'), "t"}));
    EXPECT_FALSE(reading.done);
    EXPECT_EQ(sealer.dropped(), 2u);
  }
}

TEST(Chunks, AcceptEverySizeUpToTheLargest) {
  // Plain lengths and no encryption: the wire can be written by hand.
  const ChunkFormat format(Security::None, 0x01, Command::Tcp);
  for (const std::size_t size : {1, 15'000, 16'384, 60'000, 65'535}) {
    ByteVector wire(2 + size, 7);
    wire[0] = static_cast<std::uint8_t>(size >> 8);
    wire[1] = static_cast<std::uint8_t>(size);
    ChunkOpener opener(format, someKeys(), someKeys());
    const Step step = opener.open(wire);
    ASSERT_EQ(step.kind, Step::Kind::Frame);
    EXPECT_EQ(step.plain.size(), size);
    EXPECT_EQ(step.used, wire.size());
  }
}

TEST(Chunks, AcceptTheLargestSealedChunks) {
  for (const Security security : {Security::Aes128Gcm, Security::ChaCha20Poly1305}) {
    const crypto::AeadAlgorithm algorithm = ChunkFormat(security, 1, Command::Tcp).algorithm;
    const crypto::Key32 chacha = chachaKey(someKeys().key.view());
    crypto::AeadSealer aead(
        algorithm, security == Security::Aes128Gcm ? someKeys().key.view() : chacha.view());
    for (const std::size_t size : {16'384u, 65'535u - 16u}) {
      ByteVector wire(2 + size + 16, 0);
      wire[0] = static_cast<std::uint8_t>((size + 16) >> 8);
      wire[1] = static_cast<std::uint8_t>(size + 16);
      const ByteVector plain(size, 9);
      aead.seal(chunkNonce(0, someKeys().iv.view()), {}, plain, MutableBytes(wire).subspan(2));
      ChunkOpener opener({security, 0x01, Command::Tcp}, someKeys(), someKeys());
      const Step step = opener.open(wire);
      ASSERT_EQ(step.kind, Step::Kind::Frame);
      EXPECT_TRUE(std::equal(plain.begin(), plain.end(), step.plain.begin(), step.plain.end()));
    }
  }
}

TEST(Chunks, RefuseSizesBelowTheOverhead) {
  for (const std::size_t size : {0, 1, 15}) {
    ByteVector wire(2 + 100, 0);
    wire[1] = static_cast<std::uint8_t>(size);
    ChunkOpener opener({Security::Aes128Gcm, 0x01, Command::Tcp}, someKeys(), someKeys());
    const Step step = opener.open(wire);
    ASSERT_EQ(step.kind, Step::Kind::Failed);
    EXPECT_EQ(step.error, Errc::BadFrame);
  }
}

TEST(Chunks, DoNotBelieveAnEndChunkByItsLengthAlone_CRY_4) {
  ChunkOpener opener({Security::Aes128Gcm, 0x01, Command::Tcp}, someKeys(), someKeys());
  ByteVector wire(2 + 16, 0);
  wire[1] = 16;  // the length of an empty payload, and no tag for it
  ByteVector begun(wire.begin(), wire.begin() + 10);
  EXPECT_EQ(opener.open(begun).kind, Step::Kind::NeedMore);
  const Step step = opener.open(wire);
  ASSERT_EQ(step.kind, Step::Kind::Failed);
  EXPECT_EQ(step.error, Errc::BadTag);
}

TEST(Chunks, AreNotFramedWithoutS) {
  EXPECT_FALSE(ChunkFormat(Security::None, 0x00, Command::Tcp).framed);
  EXPECT_FALSE(ChunkFormat(Security::Legacy, 0x00, Command::Tcp).framed);
  EXPECT_TRUE(ChunkFormat(Security::Aes128Gcm, 0x00, Command::Tcp).framed);
  EXPECT_TRUE(ChunkFormat(Security::ChaCha20Poly1305, 0x00, Command::Tcp).framed);

  ChunkSealer raw({Security::None, 0x00, Command::Tcp}, someKeys(), someKeys());
  Buffer out;
  const Bytes piece = asBytes("as it is");
  raw.seal(Pieces(&piece, 1), out);
  raw.finish(out);
  EXPECT_EQ(asText(out.view()), "as it is");
}

TEST(Chunks, PadWithNoneOnlyDatagrams) {
  EXPECT_FALSE(ChunkFormat(Security::None, 0x0d, Command::Tcp).padded);
  EXPECT_FALSE(ChunkFormat(Security::None, 0x0d, Command::Mux).padded);
  EXPECT_TRUE(ChunkFormat(Security::None, 0x0d, Command::Udp).padded);
  EXPECT_TRUE(ChunkFormat(Security::Legacy, 0x0d, Command::Tcp).padded);
}

TEST(Chunks, DrawNewPaddingBytesEachTime) {
  std::string seen;
  const ChunkFormat format(Security::Aes128Gcm, 0x0d, Command::Tcp);
  for (int i = 0; i < 2; ++i) {
    ChunkSealer sealer(format, someKeys(), someKeys());
    Buffer out;
    for (int j = 0; j < 20; ++j) {
      const Bytes piece = asBytes("same");
      sealer.seal(Pieces(&piece, 1), out);
      sealer.flush(out);
    }
    if (i > 0) {
      EXPECT_NE(asText(out.view()), seen);
    }
    seen = asText(out.view());
  }
}

}  // namespace
}  // namespace culvert::vmess

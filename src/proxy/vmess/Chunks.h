// One direction of a VMess body: payload into chunks, chunks into payload (drawing: Vmess.h). Pure;
// nothing is allocated per chunk.
//
//   security      framed    overhead              masked   padded         sealed length
//   Legacy        with S    4, a checksum         M        P              -
//   AES, ChaCha   always    16, a tag             M        P              A (instead of M)
//   None          with S    0                     M        P, UDP only    -
//
// Not framed: raw bytes, for Legacy encrypted; their end is the connection's.  Each chunk draws
// from the mask first its padding, then its length.
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"
#include "base/Result.h"
#include "crypto/Aead.h"
#include "crypto/Cfb.h"
#include "crypto/Random.h"
#include "crypto/Shake.h"
#include "net/Codec.h"
#include "proxy/vmess/Keys.h"
#include "proxy/vmess/Vmess.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace culvert::vmess {

/// What a request's security, options and command make of the body.
struct ChunkFormat {
  enum class Cipher : std::uint8_t { None, Cfb, Aead } cipher = Cipher::None;
  crypto::AeadAlgorithm algorithm = crypto::AeadAlgorithm::Aes128Gcm;
  bool framed = false, masked = false, padded = false, sealedLength = false;
  bool packets = false;  ///< one chunk is one datagram
  std::size_t overhead = 0;

  ChunkFormat(Security security, std::uint8_t options, Command command);
  [[nodiscard]] std::size_t lengthBytes() const noexcept { return sealedLength ? 18 : 2; }
};

/// The cipher of sealed lengths (option A): keyed with the request's key in both directions.
crypto::Key32 sealedLengthKey(crypto::AeadAlgorithm algorithm, Bytes requestKey);

/// Fills padding with random bytes; tests give known ones.
using PaddingSource = void (*)(MutableBytes);

class ChunkSealer {
 public:
  /// The largest datagram that is sent: V2Ray cuts longer ones in two.
  static constexpr std::size_t kMaxSentDatagram = 1900;

  /// `own` are this direction's keys.  `stream`: for Legacy, the cipher that has encrypted the
  /// header and goes on; nothing: a fresh one.
  ChunkSealer(const ChunkFormat& format, const BodyKeys& own, const BodyKeys& request,
              std::optional<crypto::AesCfb> stream = {},
              PaddingSource padding = crypto::fillPadding);

  /// Appends payload.  Bytes: the last chunk stays open until it is full or flush() is called, and
  /// `out` must not be touched in between.  Packets: one datagram, one chunk; an empty or too large
  /// one is dropped.
  void seal(Pieces plain, Buffer& out);
  /// Closes the open chunk.
  void flush(Buffer& out);
  /// Appends the end chunk, where there is one.
  void finish(Buffer& out);

  /// Chunks so far; the nonce repeats after 65 536.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Datagrams that were not sent.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  void open(Buffer& out);
  void add(Bytes plain, Buffer& out);
  void close(Buffer& out);

  ChunkFormat format_;
  crypto::Key16 iv_, requestIv_;
  std::optional<crypto::AeadSealer> aead_, lengths_;
  std::optional<crypto::AesCfb> cfb_;
  std::optional<crypto::Shake128> mask_;
  PaddingSource fillPadding_;
  std::uint64_t count_ = 0, dropped_ = 0;
  bool open_ = false;
  std::size_t payload_ = 0;  ///< bytes in the open chunk
};

class ChunkOpener {
 public:
  /// As for ChunkSealer.
  ChunkOpener(const ChunkFormat& format, const BodyKeys& own, const BodyKeys& request);

  /// The next chunk of `wire`, opened in place.  NeedMore may be answered again and again with more
  /// of the same bytes.  Done: the end chunk.  Errc::BadTag, Errc::BadFrame.
  Step open(MutableBytes wire);

  /// For Legacy behind a legacy header: the stream cipher, which goes on from there.
  void continueStream(crypto::AesCfb stream) { cfb_.emplace(std::move(stream)); }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Length field, and the longest chunk a sealed length can announce.
  static constexpr std::size_t kMaxFrameBytes = 18 + kMaxChunk + crypto::kAeadTagBytes;

 private:
  struct Head {
    std::size_t size;     ///< what follows the length field
    std::size_t padding;  ///< so much of that at the end
  };
  Result<Head> openHead(Bytes field);
  [[nodiscard]] bool openPayload(MutableBytes sealed, MutableBytes padding);

  ChunkFormat format_;
  crypto::Key16 iv_, requestIv_;
  std::optional<crypto::AeadOpener> aead_, lengths_;
  std::optional<crypto::AesCfb> cfb_;
  std::optional<crypto::Shake128> mask_;
  std::uint64_t count_ = 0;
  std::optional<Head>
      head_;  ///< of the chunk whose rest is awaited: its mask and cipher have moved on
};

}  // namespace culvert::vmess

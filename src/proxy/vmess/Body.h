// The VMess body at either end, with the header of its first direction: what CodecStream works
// with.  Pure.
//
// The server's response header leaves with the first response data; the client's request header
// with the first request data, or alone when the stream is told to (CodecStream::sendOpening).
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"
#include "crypto/Cfb.h"
#include "net/Codec.h"
#include "proxy/vmess/Chunks.h"
#include "proxy/vmess/Header.h"
#include "proxy/vmess/Keys.h"
#include "proxy/vmess/Vmess.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace culvert::vmess {

/// What is sent: something in front, then chunks.
class BodyWriter {
 public:
  /// `first` goes in front of the first chunk.
  BodyWriter(Buffer first, ChunkSealer sealer)
      : first_(std::move(first)), sealer_(std::move(sealer)) {}

  void seal(Pieces plain, Buffer& out);
  void flush(Buffer& out);
  void finish(Buffer& out);
  [[nodiscard]] std::uint64_t sealed() const noexcept { return sealer_.count(); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return sealer_.dropped(); }

 private:
  void sendFirst(Buffer& out);

  Buffer first_;
  ChunkSealer sealer_;
};

class ServerBody : public BodyWriter {
 public:
  ServerBody(HeaderKind kind, const RequestHeader& request);

  Step open(MutableBytes wire) { return opener_.open(wire); }
  [[nodiscard]] bool packets() const noexcept { return packets_; }
  /// A connection that ends between chunks without an end chunk is usual.
  [[nodiscard]] bool cleanEnd() const noexcept { return true; }
  [[nodiscard]] std::uint64_t opened() const noexcept { return opener_.count(); }

  static constexpr std::size_t kMaxFrameBytes = ChunkOpener::kMaxFrameBytes;

 private:
  bool packets_;
  ChunkOpener opener_;
};

class ClientBody : public BodyWriter {
 public:
  /// `opening` is the sealed request header.
  ClientBody(HeaderKind kind, const RequestHeader& request, Buffer opening);

  /// First the response header, as frames without payload, then chunks.  Errc::BadHeader when it
  /// answers another request.
  Step open(MutableBytes wire);
  [[nodiscard]] bool packets() const noexcept { return packets_; }
  /// Not before the response header: a server that refuses us closes without a word.
  [[nodiscard]] bool cleanEnd() const noexcept { return stage_ == Stage::Chunks; }
  [[nodiscard]] std::uint64_t opened() const noexcept { return opener_.count(); }

  static constexpr std::size_t kMaxFrameBytes = ChunkOpener::kMaxFrameBytes;

 private:
  enum class Stage : std::uint8_t { Length, Header, LegacyHeader, LegacyCommand, Chunks };

  Step openLength(MutableBytes wire);
  Step openHeader(MutableBytes wire);
  Step openLegacyHeader(MutableBytes wire);
  Step openLegacyCommand(MutableBytes wire);
  [[nodiscard]] bool accept(Bytes plain);
  Step startChunks(std::size_t used);

  Stage stage_;
  std::uint8_t v_;
  bool packets_, continuesStream_;
  BodyKeys response_;
  std::size_t expected_ = 0;           ///< length of the header, or of the legacy command
  std::optional<crypto::AesCfb> cfb_;  ///< legacy
  ChunkOpener opener_;
};

}  // namespace culvert::vmess

#include "proxy/vmess/Chunks.h"

#include "base/Assert.h"
#include "base/Cursor.h"
#include "base/Errc.h"
#include "crypto/Checksum.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert::vmess {
namespace {

using crypto::AeadAlgorithm;
using crypto::kAeadTagBytes;

constexpr std::size_t kChecksumBytes = 4;

/// The body key as the algorithm wants it; 16 bytes of it for AES.
crypto::Key32 algorithmKey(AeadAlgorithm algorithm, Bytes key16) {
  if (algorithm == AeadAlgorithm::ChaCha20Poly1305) return chachaKey(key16);
  crypto::Key32 key;
  std::copy(key16.begin(), key16.end(), key.bytes().begin());
  return key;
}

Bytes keyBytes(AeadAlgorithm algorithm, const crypto::Key32& key) {
  return key.view().first(crypto::aeadKeyBytes(algorithm));
}

void put16(MutableBytes out, std::size_t value) {
  out[0] = static_cast<std::uint8_t>(value >> 8);
  out[1] = static_cast<std::uint8_t>(value);
}

std::size_t drawPadding(const ChunkFormat& format, std::optional<crypto::Shake128>& mask) {
  return format.padded ? mask->u16be() % (kMaxPadding + 1) : 0;
}

Step needMore(std::size_t length) {
  return {Step::Kind::NeedMore, length, {}, {}};
}
Step failed(std::error_code error) {
  return {Step::Kind::Failed, 0, {}, error};
}

}  // namespace

ChunkFormat::ChunkFormat(Security security, std::uint8_t options, Command command)
    : packets(command == Command::Udp) {
  const auto has = [options](std::uint8_t bit) { return (options & bit) != 0; };
  switch (security) {
    case Security::Legacy:
      cipher = Cipher::Cfb;
      framed = has(option::kChunks);
      overhead = kChecksumBytes;
      padded = has(option::kPadding);
      break;
    case Security::Aes128Gcm:
    case Security::ChaCha20Poly1305:
      cipher = Cipher::Aead;
      algorithm = security == Security::Aes128Gcm ? AeadAlgorithm::Aes128Gcm
                                                  : AeadAlgorithm::ChaCha20Poly1305;
      framed = true;
      overhead = kAeadTagBytes;
      padded = has(option::kPadding);
      sealedLength = has(option::kSealedLength);
      break;
    case Security::None:
      framed = has(option::kChunks);
      padded = has(option::kPadding) && packets;
      break;
  }
  masked = has(option::kMaskedLength) && !sealedLength;
}

crypto::Key32 sealedLengthKey(AeadAlgorithm algorithm, Bytes requestKey) {
  return algorithmKey(algorithm, kdf16(requestKey, {asBytes(salt::kSealedLength)}).view());
}

// ---- Sealing.

ChunkSealer::ChunkSealer(const ChunkFormat& format, const BodyKeys& own, const BodyKeys& request,
                         std::optional<crypto::AesCfb> stream, PaddingSource padding)
    : format_(format),
      iv_(own.iv.clone()),
      requestIv_(request.iv.clone()),
      cfb_(std::move(stream)),
      fillPadding_(padding) {
  if (format_.cipher == ChunkFormat::Cipher::Aead) {
    const crypto::Key32 key = algorithmKey(format_.algorithm, own.key.view());
    aead_.emplace(format_.algorithm, keyBytes(format_.algorithm, key));
  }
  if (format_.sealedLength) {
    const crypto::Key32 key = sealedLengthKey(format_.algorithm, request.key.view());
    lengths_.emplace(format_.algorithm, keyBytes(format_.algorithm, key));
  }
  if (format_.cipher == ChunkFormat::Cipher::Cfb && !cfb_) {
    cfb_.emplace(crypto::Way::Encrypt, own.key.view(), own.iv.view());
  }
  if (format_.masked || format_.padded) mask_.emplace(own.iv.view());
}

void ChunkSealer::open(Buffer& out) {
  // The length is written when it is known; nothing authenticates it together with the payload.
  static_cast<void>(out.grow(format_.lengthBytes()));
  if (format_.cipher == ChunkFormat::Cipher::Cfb) static_cast<void>(out.grow(kChecksumBytes));
  if (aead_) aead_->begin(chunkNonce(count_, iv_.view()));
  payload_ = 0;
  open_ = true;
}

void ChunkSealer::add(Bytes plain, Buffer& out) {
  const MutableBytes place = out.grow(plain.size());
  if (aead_) {
    aead_->update(plain, place);
  } else {
    std::copy(plain.begin(), plain.end(), place.begin());
  }
  payload_ += plain.size();
}

void ChunkSealer::close(Buffer& out) {
  const std::size_t padding = drawPadding(format_, mask_);
  if (aead_) aead_->finish(out.grow(kAeadTagBytes));
  fillPadding_(out.grow(padding));

  const std::size_t size = format_.overhead + payload_ + padding;
  const MutableBytes chunk = out.bytes().last(format_.lengthBytes() + size);
  if (lengths_) {
    std::array<std::uint8_t, 2> length;
    put16(length, size - kAeadTagBytes);
    lengths_->seal(chunkNonce(count_, requestIv_.view()), {}, length, chunk.first(18));
  } else {
    put16(chunk, format_.masked ? size ^ mask_->u16be() : size);
  }
  if (cfb_) {
    const MutableBytes checked = chunk.subspan(2);
    const std::uint32_t checksum = crypto::fnv1a32(checked.subspan(kChecksumBytes, payload_));
    put16(checked, checksum >> 16);
    put16(checked.subspan(2), checksum & 0xffff);
    cfb_->apply(chunk);
  }
  ++count_;
  open_ = false;
}

void ChunkSealer::seal(Pieces plain, Buffer& out) {
  if (!format_.framed) {
    for (const Bytes piece : plain) {
      const MutableBytes place = out.grow(piece.size());
      if (cfb_) {
        cfb_->apply(piece, place);
      } else {
        std::copy(piece.begin(), piece.end(), place.begin());
      }
    }
    return;
  }
  if (format_.packets) {
    const std::size_t size = sizeOf(plain);
    if (size == 0 || size > kMaxSentDatagram) {  // an empty chunk would be the end
      ++dropped_;
      return;
    }
    open(out);
    for (const Bytes piece : plain) add(piece, out);
    close(out);
    return;
  }
  for (Bytes piece : plain) {
    while (!piece.empty()) {
      if (!open_) open(out);
      const std::size_t count = std::min(piece.size(), kMaxSentPayload - payload_);
      add(piece.first(count), out);
      piece = piece.subspan(count);
      if (payload_ == kMaxSentPayload) close(out);
    }
  }
}

void ChunkSealer::flush(Buffer& out) {
  if (open_) close(out);
}

void ChunkSealer::finish(Buffer& out) {
  flush(out);
  if (!format_.framed) return;
  open(out);
  close(out);
}

// ---- Opening.

ChunkOpener::ChunkOpener(const ChunkFormat& format, const BodyKeys& own, const BodyKeys& request)
    : format_(format), iv_(own.iv.clone()), requestIv_(request.iv.clone()) {
  if (format_.cipher == ChunkFormat::Cipher::Aead) {
    const crypto::Key32 key = algorithmKey(format_.algorithm, own.key.view());
    aead_.emplace(format_.algorithm, keyBytes(format_.algorithm, key));
  }
  if (format_.sealedLength) {
    const crypto::Key32 key = sealedLengthKey(format_.algorithm, request.key.view());
    lengths_.emplace(format_.algorithm, keyBytes(format_.algorithm, key));
  }
  if (format_.cipher == ChunkFormat::Cipher::Cfb) {
    cfb_.emplace(crypto::Way::Decrypt, own.key.view(), own.iv.view());
  }
  if (format_.masked || format_.padded) mask_.emplace(own.iv.view());
}

Step ChunkOpener::open(MutableBytes wire) {
  if (!format_.framed) {
    if (cfb_) cfb_->apply(wire);
    return {Step::Kind::Frame, wire.size(), wire, {}};
  }
  const std::size_t lengthBytes = format_.lengthBytes();
  if (!head_) {
    if (wire.size() < lengthBytes) return needMore(lengthBytes);
    const Result<Head> head = openHead(wire.first(lengthBytes));
    if (!head) return failed(head.error());
    head_ = head.value();
  }
  const std::size_t total = lengthBytes + head_->size;
  if (wire.size() < total) return needMore(total);

  const MutableBytes chunk = wire.subspan(lengthBytes, head_->size);
  const MutableBytes sealed = chunk.first(chunk.size() - head_->padding);
  // V2Ray believes an end chunk's length alone; a length can be forged, so we want to see the rest
  // of it.
  if (!openPayload(sealed, chunk.last(head_->padding))) return failed(Errc::BadTag);
  ++count_;
  head_.reset();
  const MutableBytes plain =
      cfb_ ? sealed.subspan(kChecksumBytes) : sealed.first(sealed.size() - format_.overhead);
  if (plain.empty()) return {Step::Kind::Done, total, {}, {}};
  return {Step::Kind::Frame, total, plain, {}};
}

Result<ChunkOpener::Head> ChunkOpener::openHead(Bytes field) {
  const std::size_t padding = drawPadding(format_, mask_);
  std::array<std::uint8_t, 18> copy{};  // the field stays as it is: it will be seen again
  const MutableBytes length = MutableBytes(copy).first(field.size());
  std::copy(field.begin(), field.end(), length.begin());
  std::size_t size = 0;
  if (lengths_) {
    if (!lengths_->open(chunkNonce(count_, requestIv_.view()), {}, length)) return Errc::BadTag;
    size = Cursor(length).u16be() + kAeadTagBytes;
  } else {
    if (cfb_) cfb_->apply(length);
    size = Cursor(length).u16be();
    if (format_.masked) size ^= mask_->u16be();
  }
  if (size < format_.overhead + padding) return Errc::BadFrame;
  return Head{size, padding};
}

bool ChunkOpener::openPayload(MutableBytes sealed, MutableBytes padding) {
  if (aead_) return aead_->open(chunkNonce(count_, iv_.view()), {}, sealed);
  if (!cfb_) return true;
  cfb_->apply(sealed);
  cfb_->apply(padding);
  Cursor checksum(sealed.first(kChecksumBytes));
  return checksum.u32be() == crypto::fnv1a32(sealed.subspan(kChecksumBytes));
}

}  // namespace culvert::vmess

#include "mux/Frame.h"

#include "base/Assert.h"
#include "base/Cursor.h"
#include "base/Errc.h"
#include "net/WireAddress.h"

#include <algorithm>
#include <utility>

namespace culvert::mux {
namespace {

constexpr std::size_t kFixedBytes = 4;     // id, status, option
constexpr std::size_t kKeptBytes = 1'024;  // storage a reader keeps between cut frames

std::size_t u16At(Bytes bytes, std::size_t at) noexcept {
  return static_cast<std::size_t>(bytes[at] << 8 | bytes[at + 1]);
}

/// The length of the head that begins `bytes`, as far as they tell; more than they are: read on.
std::size_t headBytes(Bytes bytes) noexcept {
  if (bytes.size() < 2) return 2;
  const std::size_t metadata = u16At(bytes, 0);
  if (bytes.size() < 2 + kFixedBytes) return 2 + metadata;
  return 2 + metadata + ((bytes[5] & option::kData) ? 2 : 0);
}

}  // namespace

ShortHead::ShortHead(SessionId id, Status status, std::uint8_t options)
    : bytes_{0,
             kFixedBytes,
             static_cast<std::uint8_t>(id >> 8),
             static_cast<std::uint8_t>(id),
             static_cast<std::uint8_t>(status),
             options,
             0,
             0},
      size_(2 + kFixedBytes) {}

ShortHead::ShortHead(SessionId id, Status status, std::uint8_t options, std::size_t dataBytes)
    : ShortHead(id, status, static_cast<std::uint8_t>(options | option::kData)) {
  CULVERT_ASSERT(dataBytes <= kMaxDataBytes);
  bytes_[6] = static_cast<std::uint8_t>(dataBytes >> 8);
  bytes_[7] = static_cast<std::uint8_t>(dataBytes);
  size_ = bytes_.size();
}

void appendNew(Buffer& out, SessionId id, const Destination& target, Bytes trailing, Bytes data) {
  Buffer address;
  appendWireAddress(address, target.host, target.port);
  const std::size_t metadata = kFixedBytes + 1 + address.size() + trailing.size();
  CULVERT_ASSERT(metadata <= kMaxMetadataBytes && data.size() <= kMaxDataBytes);
  out.appendU16be(static_cast<std::uint16_t>(metadata));
  out.appendU16be(id);
  out.append(static_cast<std::uint8_t>(Status::New));
  out.append(data.empty() ? std::uint8_t{0} : option::kData);
  out.append(static_cast<std::uint8_t>(target.network));
  out.append(address.view());
  out.append(trailing);
  if (data.empty()) return;
  out.appendU16be(static_cast<std::uint16_t>(data.size()));
  out.append(data);
}

FrameReader::Event FrameReader::next(MutableBytes& input) {
  if (std::exchange(dropHeld_, false)) dropHeld();
  if (failed_) return {Event::Kind::Failed, {}, false, Errc::BadFrame};
  return inData_ ? readData(input) : readHead(input);
}

FrameReader::Event FrameReader::readHead(MutableBytes& input) {
  // Whole in the input, as nearly always: parsed where it lies.  Else collected piece by piece.
  for (;;) {
    const Bytes known = held_.empty() ? Bytes(input) : held_.view();
    if (known.size() >= 2) {
      const std::size_t metadata = u16At(known, 0);
      if (metadata < kMinMetadataBytes || metadata > kMaxMetadataBytes) {
        failed_ = true;
        return {Event::Kind::Failed, {}, false, Errc::BadFrame};
      }
    }
    const std::size_t wanted = headBytes(known);
    if (known.size() >= wanted && wanted > 2) {
      const std::size_t metadata = u16At(known, 0);
      const std::error_code error = parseHead(known.subspan(2, metadata));
      if (error) {
        failed_ = true;
        return {Event::Kind::Failed, {}, false, error};
      }
      head_.dataBytes = head_.has(option::kData) ? u16At(known, 2 + metadata) : 0;
      if (held_.empty()) {
        input = input.subspan(wanted);
      } else {
        dropHeld_ = true;
      }
      dataLeft_ = head_.dataBytes;
      inData_ = dataLeft_ > 0;
      collecting_ = false;
      return {Event::Kind::Head, {}, !inData_, {}};
    }
    if (input.empty()) return {};
    const std::size_t some = std::min(input.size(), wanted - held_.size());
    held_.append(input.first(some));
    input = input.subspan(some);
  }
}

FrameReader::Event FrameReader::readData(MutableBytes& input) {
  if (!collecting_) {
    const std::size_t some = std::min(input.size(), dataLeft_);
    if (some == 0) return {};
    const MutableBytes data = input.first(some);
    input = input.subspan(some);
    dataLeft_ -= some;
    inData_ = dataLeft_ > 0;
    return {Event::Kind::Data, data, !inData_, {}};
  }
  if (held_.empty() && input.size() >= dataLeft_) {
    const MutableBytes data = input.first(dataLeft_);
    input = input.subspan(dataLeft_);
    dataLeft_ = 0;
    inData_ = false;
    return {Event::Kind::Data, data, true, {}};
  }
  const std::size_t some = std::min(input.size(), dataLeft_);
  held_.append(input.first(some));
  input = input.subspan(some);
  dataLeft_ -= some;
  if (dataLeft_ > 0) return {};
  inData_ = false;
  dropHeld_ = true;
  return {Event::Kind::Data, held_.bytes(), true, {}};
}

std::error_code FrameReader::parseHead(Bytes metadata) {
  head_ = {};
  Cursor in(metadata);
  head_.id = in.u16be();
  const std::uint8_t status = in.u8();
  head_.options = in.u8();
  if (status < static_cast<std::uint8_t>(Status::New) ||
      status > static_cast<std::uint8_t>(Status::KeepAlive)) {
    return Errc::BadFrame;
  }
  head_.status = static_cast<Status>(status);
  const bool isNew = head_.status == Status::New;
  const bool addressed = head_.status == Status::Keep && metadata.size() > kFixedBytes &&
                         metadata[kFixedBytes] == static_cast<std::uint8_t>(Network::Udp);
  if (!isNew && !addressed) {
    head_.trailing = in.rest();
    return {};
  }
  const std::uint8_t network = in.u8();
  if (network != static_cast<std::uint8_t>(Network::Tcp) &&
      network != static_cast<std::uint8_t>(Network::Udp)) {
    return Errc::BadFrame;
  }
  const bool knownType = metadata.size() > 7 && metadata[7] >= 1 && metadata[7] <= 3;
  Result<Destination> address = parseWireAddress(in, static_cast<Network>(network));
  if (address) {
    head_.address = std::move(address).value();
    head_.trailing = in.rest();
  } else if (isNew) {
    // An address that is none ends the link, as in V2Ray; a strange name only ends its session.
    if (!knownType || address.error() != make_error_code(Errc::BadAddress)) return Errc::BadFrame;
    head_.badTarget = true;
  }
  return {};
}

void FrameReader::dropHeld() noexcept {
  held_.clear();
  if (held_.capacity() > kKeptBytes) held_.release();
}

}  // namespace culvert::mux

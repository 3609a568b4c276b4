#include "reverse/Control.h"

#include "base/Cursor.h"
#include "base/Errc.h"

namespace culvert::reverse {
namespace {

// Fields, and how a field is written.
constexpr std::uint64_t kState = 1, kPadding = 99, kFeatures = 200, kBeat = 201, kInstance = 202;
constexpr std::uint64_t kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;

void appendVarint(Buffer& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.append(static_cast<std::uint8_t>(value | 0x80));
  out.append(static_cast<std::uint8_t>(value));
}

void appendNumber(Buffer& out, std::uint64_t field, std::uint64_t value) {
  appendVarint(out, field << 3 | kVarint);
  appendVarint(out, value);
}

void appendBytes(Buffer& out, std::uint64_t field, const std::string& bytes) {
  if (bytes.empty()) return;
  appendVarint(out, field << 3 | kBytes);
  appendVarint(out, bytes.size());
  out.append(asBytes(bytes));
}

/// False: not a varint.
bool readVarint(Cursor& in, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const std::uint8_t byte = in.u8();
    if (in.underrun()) return false;
    if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (!(byte & 0x80)) return true;
  }
  return false;
}

}  // namespace

void append(Buffer& out, const Control& message) {
  if (message.state == Control::State::Drain) appendNumber(out, kState, 1);
  appendBytes(out, kPadding, message.padding);
  if (message.features) appendNumber(out, kFeatures, *message.features);
  if (message.beatMilliseconds) appendNumber(out, kBeat, *message.beatMilliseconds);
  appendBytes(out, kInstance, message.instance);
}

Result<Control> parseControl(Bytes bytes) {
  Control message;
  Cursor in(bytes);
  while (in.remaining() > 0) {
    std::uint64_t key = 0, number = 0;
    Bytes content;
    if (!readVarint(in, key) || key >> 3 == 0) return Errc::BadFrame;
    switch (key & 7) {
      case kVarint:
        if (!readVarint(in, number)) return Errc::BadFrame;
        break;
      case kBytes:
        if (!readVarint(in, number) || number > in.remaining()) return Errc::BadFrame;
        content = in.take(static_cast<std::size_t>(number));
        break;
      case kFixed64:
        in.take(8);
        break;
      case kFixed32:
        in.take(4);
        break;
      default:
        return Errc::BadFrame;
    }
    if (in.underrun()) return Errc::BadFrame;
    const bool isBytes = (key & 7) == kBytes, isVarint = (key & 7) == kVarint;
    switch (key >> 3) {
      case kState:
        if (isVarint) message.state = number == 1 ? Control::State::Drain : Control::State::Active;
        break;
      case kPadding:
        if (isBytes) message.padding = asText(content);
        break;
      case kFeatures:
        if (isVarint) message.features = number;
        break;
      case kBeat:
        if (isVarint) message.beatMilliseconds = number;
        break;
      case kInstance:
        if (isBytes) message.instance = asText(content);
        break;
      default:
        break;
    }
  }
  return message;
}

}  // namespace culvert::reverse

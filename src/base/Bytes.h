// Views of bytes: the currency every layer trades in.  A view never outlives the call it is passed
// to unless the comment there names its owner.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace culvert {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

/// A gather list.  On a packet stream the whole list is one datagram.
using Pieces = std::span<const Bytes>;

/// The bytes of `text`, without a terminator.
inline Bytes asBytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The text that `bytes` spell; no check of the encoding.
inline std::string_view asText(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The number of bytes in all pieces together.
inline std::size_t sizeOf(Pieces pieces) noexcept {
  std::size_t size = 0;
  for (const Bytes piece : pieces) size += piece.size();
  return size;
}

}  // namespace culvert

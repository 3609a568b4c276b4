// The bytes that loads send and services answer.
#pragma once

#include "bench/load/Socket.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace culvert::load {

/// Up to `most` bytes of a fixed pattern, kReadBytes at a time, that does not compress to nothing.
inline Bytes pattern(std::uint64_t most) {
  static const auto bytes = [] {
    std::vector<std::byte> filled(kReadBytes);
    std::uint32_t state = 0x2545f491;
    for (auto& byte : filled) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<std::byte>(state >> 24);
    }
    return filled;
  }();
  return Bytes(bytes).first(static_cast<std::size_t>(std::min<std::uint64_t>(most, bytes.size())));
}

inline std::array<std::byte, 8> bigEndian(std::uint64_t number) {
  std::array<std::byte, 8> bytes;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, number >>= 8)
    *byte = static_cast<std::byte>(number);
  return bytes;
}

inline Bytes asBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace culvert::load

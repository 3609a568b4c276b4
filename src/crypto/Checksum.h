// Checksums without a key: they find accidents, not attackers.
#pragma once

#include "base/Bytes.h"

#include <cstdint>

namespace culvert::crypto {

constexpr std::uint32_t kFnv1aBasis = 0x811c9dc5;

/// FNV-1a, 32 bits; `hash` continues an earlier piece.
std::uint32_t fnv1a32(Bytes bytes, std::uint32_t hash = kFnv1aBasis) noexcept;

/// CRC-32 of IEEE 802.3 (reflected 0xEDB88320, initial and final complement).
std::uint32_t crc32(Bytes bytes) noexcept;

}  // namespace culvert::crypto

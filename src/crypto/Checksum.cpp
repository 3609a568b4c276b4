#include "crypto/Checksum.h"

#include <array>

namespace culvert::crypto {
namespace {

constexpr std::array<std::uint32_t, 256> makeCrcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0xedb88320u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = makeCrcTable();

}  // namespace

std::uint32_t fnv1a32(Bytes bytes, std::uint32_t hash) noexcept {
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x01000193u;
  return hash;
}

std::uint32_t crc32(Bytes bytes) noexcept {
  std::uint32_t crc = 0xffffffffu;
  for (const std::uint8_t byte : bytes) crc = kCrcTable[(crc ^ byte) & 0xff] ^ crc >> 8;
  return ~crc;
}

}  // namespace culvert::crypto

// Bytes written as hexadecimal digits.
#pragma once

#include "base/Bytes.h"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::test {

using ByteVector = std::vector<std::uint8_t>;

/// The bytes `digits` spell; blanks are skipped.  Throws on anything else.
inline ByteVector hex(std::string_view digits) {
  ByteVector bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ' || c == '\n') continue;
    int value = -1;
    if (c >= '0' && c <= '9') value = c - '0';
    if (c >= 'a' && c <= 'f') value = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') value = c - 'A' + 10;
    if (value < 0) throw std::invalid_argument("not hexadecimal: " + std::string(digits));
    if (high < 0) {
      high = value;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | value));
      high = -1;
    }
  }
  if (high >= 0) throw std::invalid_argument("half a byte: " + std::string(digits));
  return bytes;
}

/// Lower-case digits, as failing comparisons are best read.
inline std::string toHex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  for (const std::uint8_t byte : bytes) {
    digits += kDigits[byte >> 4];
    digits += kDigits[byte & 0xf];
  }
  return digits;
}

}  // namespace culvert::test

#include "base/Uuid.h"

#include <cstddef>

namespace culvert {
namespace {

int hexDigit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool dashBefore(std::size_t byte) noexcept {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

Result<Uuid> parseUuid(std::string_view text) {
  if (text.size() != 36 && text.size() != 32) return Errc::BadHeader;
  const bool dashed = text.size() == 36;
  Uuid id{};
  std::size_t at = 0;
  for (std::size_t byte = 0; byte < id.size(); ++byte) {
    if (dashed && dashBefore(byte) && text[at++] != '-') return Errc::BadHeader;
    const int high = hexDigit(text[at]), low = hexDigit(text[at + 1]);
    if (high < 0 || low < 0) return Errc::BadHeader;
    id[byte] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  return id;
}

std::string toString(const Uuid& id) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t byte = 0; byte < id.size(); ++byte) {
    if (dashBefore(byte)) text += '-';
    text += kDigits[id[byte] >> 4];
    text += kDigits[id[byte] & 0xf];
  }
  return text;
}

}  // namespace culvert

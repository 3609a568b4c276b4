#include "config/Scalars.h"

#include "config/Text.h"

#include <charconv>
#include <limits>

namespace culvert::config {

bool WholeNumber::isWithin(std::int64_t low, std::uint64_t high) const noexcept {
  if (!isNegative || magnitude == 0) {
    return magnitude <= high && (low <= 0 || magnitude >= static_cast<std::uint64_t>(low));
  }
  return low < 0 && magnitude <= std::uint64_t{0} - static_cast<std::uint64_t>(low);
}

std::optional<WholeNumber> parseWhole(std::string_view text) {
  WholeNumber number;
  number.isNegative = text.starts_with('-');
  if (number.isNegative) text.remove_prefix(1);
  if (text.empty() || (text.front() == '0' && text.size() > 1)) return {};
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return {};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number.magnitude);
  if (error != std::errc()) return {};
  return number;
}

std::optional<PortRange> parsePortRange(std::string_view text) {
  const auto port = [](std::string_view digits) -> std::optional<std::uint16_t> {
    const auto number = parseWhole(digits);
    if (!number || !number->isWithin(1, std::numeric_limits<std::uint16_t>::max())) return {};
    return static_cast<std::uint16_t>(number->magnitude);
  };
  const std::size_t dash = text.find('-');
  const auto from = port(text.substr(0, dash));
  const auto to = dash == std::string_view::npos ? from : port(text.substr(dash + 1));
  if (!from || !to || *from > *to) return {};
  return PortRange{*from, *to};
}

std::string numberMistake(std::string_view text) {
  const std::size_t significant = text.find_first_not_of('0');
  const bool isDecimal = text.find_first_not_of("0123456789") == std::string_view::npos;
  if (text.size() > 1 && text.front() == '0' && isDecimal) {
    const std::string_view meant =
        significant == std::string_view::npos ? "0" : text.substr(significant);
    return "write " + std::string(meant) + ", numbers must not start with 0";
  }
  return {};
}

bool isHostName(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253) return false;
  for (const std::string_view label : split(text, '.')) {
    if (label.empty() || label.size() > 63) return false;
    for (const char c : label) {
      const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                        static_cast<unsigned char>(c) >= 0x80;
      if (!good) return false;
    }
  }
  return true;
}

}  // namespace culvert::config

// How single values are read from their text, never with a library's own conversions: 010 is no 8
// and yes is no true.  For V2Ray's forms; those of the friendly YAML are in Grammar.h.
#pragma once

#include "config/Model.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace culvert::config {

/// A whole number as sign and magnitude, so that all of (u)int64 fits.
struct WholeNumber {
  bool isNegative = false;
  std::uint64_t magnitude = 0;

  [[nodiscard]] bool isWithin(std::int64_t low, std::uint64_t high) const noexcept;
};
/// -?(0|[1-9][0-9]*) within 64 bits; nothing for any other text.
std::optional<WholeNumber> parseWhole(std::string_view text);

/// 80, 1000-2000: ports from 1, in order, no blanks.
std::optional<PortRange> parsePortRange(std::string_view text);

/// The reason a text that was meant as a number is none, as a whole message ("write 80, numbers
/// must not start with 0"), or "".
std::string numberMistake(std::string_view text);

/// The name of a host, as V2Ray's `address` has it: labels of letters, digits, '-' and '_', not
/// longer than 253.
bool isHostName(std::string_view text);

}  // namespace culvert::config

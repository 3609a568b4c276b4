// User ids of VMess: the 16 raw bytes of a UUID in textual order (RFC 9562).
#pragma once

#include "base/Result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace culvert {

using Uuid = std::array<std::uint8_t, 16>;

/// Reads 32 hex digits, with '-' allowed behind digits 8, 12, 16 and 20 (36 or 32 characters in
/// all, any letter case).  Errc::BadHeader for anything else, also for text behind a good id.
Result<Uuid> parseUuid(std::string_view text);

/// The canonical form: 36 characters, lower case.
std::string toString(const Uuid& id);

}  // namespace culvert

// What the kernel knows of the path of a TCP connection.
#pragma once

#include <cstddef>
#include <cstdint>

namespace culvert::os {

/// What the path of `socket` holds: the rate at which its peer has acknowledged, times the least
/// round trip seen.  0: not known.
std::size_t bytesPerRoundTrip(std::intptr_t socket) noexcept;

}  // namespace culvert::os

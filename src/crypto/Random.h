// Randomness from OpenSSL's generator (CRY-5).  A generator that fails ends the program: nothing
// sensible can be done without it.
#pragma once

#include "base/Bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace culvert::crypto {

/// Keys, ids, nonces: straight from the generator.
void fillRandom(MutableBytes out);

template <std::size_t N>
std::array<std::uint8_t, N> randomBytes() {
  std::array<std::uint8_t, N> bytes;
  fillRandom(bytes);
  return bytes;
}

/// Uniform in [0, bound); `bound` is not 0.
std::uint32_t randomBelow(std::uint32_t bound);

/// Padding: just as random, but from a pool of 4 KiB for each thread, because asking the generator
/// for a few bytes costs 0.5 us.  Nothing that must stay secret comes from here: what was given out
/// stays in the pool.
void fillPadding(MutableBytes out);

}  // namespace culvert::crypto

// SHAKE128 (FIPS 202), squeezed a little at a time: an endless stream of bytes out of a short seed.
//
// Our own, because OpenSSL before 3.3 gives all output at once and cannot go on.  Not a hash for
// secrets: it hides lengths, so its running time is all that matters.
#pragma once

#include "base/Bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace culvert::crypto {

class Shake128 {
 public:
  static constexpr std::size_t kRate = 168;  ///< bytes per permutation

  /// `seed` is shorter than kRate.
  explicit Shake128(Bytes seed);

  /// The next bytes of the stream.
  void read(MutableBytes out);
  /// The next two, big-endian.
  [[nodiscard]] std::uint16_t u16be() {
    const unsigned high = next(), low = next();
    return static_cast<std::uint16_t>(high << 8 | low);
  }

 private:
  [[nodiscard]] std::uint8_t next() {
    if (at_ == kRate) squeeze();
    const std::uint8_t byte = static_cast<std::uint8_t>(lanes_[at_ / 8] >> (8 * (at_ % 8)));
    ++at_;
    return byte;
  }
  void squeeze();

  std::array<std::uint64_t, 25> lanes_{};  ///< x + 5 y, each little-endian
  std::size_t at_ = kRate;                 ///< bytes of this block already given out
};

}  // namespace culvert::crypto

// Key material of a fixed size: not copyable by accident, wiped when it goes, not printable
// (KEY-5).
#pragma once

#include "base/Assert.h"
#include "base/Bytes.h"
#include "base/Secret.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace culvert::crypto {

template <std::size_t N>
class Key {
 public:
  /// All zero.
  Key() = default;
  /// `bytes` must be N long.
  explicit Key(Bytes bytes) noexcept {
    CULVERT_ASSERT(bytes.size() == N);
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  }
  Key(Key&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  Key& operator=(Key&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      wipe(other.bytes_);
    }
    return *this;
  }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() { wipe(bytes_); }

  /// A second copy, asked for by name.
  [[nodiscard]] Key clone() const noexcept { return Key(view()); }
  [[nodiscard]] Bytes view() const noexcept { return bytes_; }
  [[nodiscard]] MutableBytes bytes() noexcept { return bytes_; }
  static constexpr std::size_t size() noexcept { return N; }

 private:
  std::array<std::uint8_t, N> bytes_{};
};

using Key16 = Key<16>;
using Key32 = Key<32>;

}  // namespace culvert::crypto

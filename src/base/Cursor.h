// Reads big-endian fields from bytes.  The first read past the end is remembered; reads after it
// give zeros and empty views, so a parser reads straight on and asks once, at the end.
#pragma once

#include "base/Bytes.h"
#include "base/Result.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace culvert {

class Cursor {
 public:
  explicit Cursor(Bytes bytes) noexcept : all_(bytes) {}

  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16be() noexcept { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32be() noexcept { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64be() noexcept { return number(8); }

  /// The next `count` bytes, or an empty view when fewer are left.
  Bytes take(std::size_t count) noexcept {
    if (count > remaining()) {
      underrun_ = true;
      at_ = all_.size();
      return {};
    }
    at_ += count;
    return all_.subspan(at_ - count, count);
  }
  std::string_view text(std::size_t count) noexcept { return asText(take(count)); }
  Bytes rest() noexcept { return take(remaining()); }

  [[nodiscard]] std::size_t used() const noexcept { return at_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return all_.size() - at_; }
  [[nodiscard]] bool underrun() const noexcept { return underrun_; }

  /// `value`, or Errc::Truncated when a read ran past the end.
  template <class T>
  Result<T> done(T value) const {
    if (underrun_) return Errc::Truncated;
    return Result<T>(std::move(value));
  }

 private:
  std::uint64_t number(std::size_t count) noexcept {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(count)) value = value << 8 | byte;
    return value;
  }

  Bytes all_;
  std::size_t at_ = 0;
  bool underrun_ = false;
};

}  // namespace culvert

// How often a link's nonces have been used.
//
// A VMess link counts its chunks in 16 bits; behind the last number it begins anew under the same
// key (CRY-2).  A link is replaced long before, but one long stream can hold the old one.
#pragma once

#include <cstdint>
#include <utility>

namespace culvert::reverse {

class Nonces {
 public:
  static constexpr std::uint64_t kAll = 65'536;
  static constexpr const char* kWarning =
      " repeat: it has carried more than 65 536 chunks in one direction, and who watches the path"
      " can compare parts of what it carries";

  /// Whether it is to be said that a link with so many chunks repeats its nonces: once.
  [[nodiscard]] bool repeatNow(std::uint64_t chunks) noexcept {
    return chunks > kAll && !std::exchange(said_, true);
  }

 private:
  bool said_ = false;
};

}  // namespace culvert::reverse

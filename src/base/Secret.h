// Text or key bytes that must not leak: wiped when destroyed, not copyable by accident, not
// printable (KEY-4, KEY-5).
#pragma once

#include "base/Bytes.h"

#include <string>
#include <string_view>
#include <utility>

namespace culvert {

/// Overwrites `bytes` in a way the optimiser does not remove.
void wipe(MutableBytes bytes) noexcept;

/// Whether both hold the same bytes; the time taken depends on the sizes only (AUTH-9).
[[nodiscard]] bool equalSecrets(Bytes a, Bytes b) noexcept;

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  /// A second copy, asked for by name.
  [[nodiscard]] Secret clone() const { return Secret(text_); }
  /// The secret itself; valid while this object lives.  Never to be logged.
  [[nodiscard]] std::string_view reveal() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace culvert

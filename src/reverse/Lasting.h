// A condition that counts once it has held for some time without a break.  Pure.
#pragma once

#include "base/Clock.h"

namespace culvert::reverse {

class Lasting {
 public:
  explicit Lasting(Clock::duration time) noexcept : time_(time) {}

  /// Whether what `holds` now has held for the time.
  bool update(bool holds, Clock::time_point now) noexcept {
    if (!holds) {
      since_ = kNever;
    } else if (since_ == kNever) {
      since_ = now;
    }
    return holds && now - since_ >= time_;
  }
  /// Counts from the next update on.
  void restart() noexcept { since_ = kNever; }
  /// When to look again; the end of time while the condition does not hold.
  [[nodiscard]] Clock::time_point due() const noexcept {
    return since_ == kNever ? kNever : since_ + time_;
  }

 private:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  Clock::duration time_;
  Clock::time_point since_ = kNever;  ///< it holds
};

}  // namespace culvert::reverse

// A condition that counts once it has held for some time without a break.  Pure.
#pragma once

#include "base/Clock.h"

#include <optional>

namespace culvert::reverse {

class Lasting {
 public:
  explicit Lasting(Clock::duration time) noexcept : time_(time) {}

  /// Whether what `holds` now has held for the time.
  bool update(bool holds, Clock::time_point now) noexcept {
    if (!holds) {
      since_.reset();
    } else if (!since_) {
      since_ = now;
    }
    return since_ && now - *since_ >= time_;
  }
  /// Counts from the next update on.
  void restart() noexcept { since_.reset(); }
  /// When to look again; the end of time while the condition does not hold.
  [[nodiscard]] Clock::time_point due() const noexcept {
    return since_ ? Clock::time_point(*since_ + time_) : Clock::time_point::max();
  }

 private:
  Clock::duration time_;
  std::optional<Clock::time_point> since_;
};

}  // namespace culvert::reverse

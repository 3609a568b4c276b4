// So many a second, with a reserve for bursts: a token bucket.
#pragma once

#include "base/Clock.h"

#include <algorithm>
#include <chrono>

namespace culvert::mux {

class RateLimit {
 public:
  constexpr RateLimit(double perSecond, double burst) noexcept
      : perSecond_(perSecond), burst_(burst), left_(burst) {}

  /// Whether one more is within the limit; it is counted then.
  bool take(Clock::time_point now) noexcept {
    const std::chrono::duration<double> passed = now - last_;
    if (last_ != Clock::time_point{}) left_ = std::min(burst_, left_ + passed.count() * perSecond_);
    last_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double perSecond_, burst_, left_;
  Clock::time_point last_{};
};

}  // namespace culvert::mux

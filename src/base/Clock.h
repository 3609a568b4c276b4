// The two clocks.  Everything that waits, expires or measures uses the monotonic one; the wall
// clock is for what VMess stamps and for log lines (F-CLOCK: no timer, rate or replay window runs
// on it).
#pragma once

#include <chrono>
#include <cstdint>

namespace culvert {

using Clock = std::chrono::steady_clock;
using WallClock = std::chrono::system_clock;

struct Now {
  Clock::time_point mono;
  WallClock::time_point wall;

  /// Seconds since 1970 by the wall clock.
  [[nodiscard]] std::int64_t unixSeconds() const {
    return std::chrono::duration_cast<std::chrono::seconds>(wall.time_since_epoch()).count();
  }
};

/// Reads both clocks of the system.
inline Now systemNow() {
  return {Clock::now(), WallClock::now()};
}

}  // namespace culvert

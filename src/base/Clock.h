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

/// The first multiple of `period` at or after `time`.  What happens again and again on many links
/// waits for these moments: then an idle process wakes once for all of them.
inline Clock::time_point nextBeat(Clock::time_point time, Clock::duration period) {
  const Clock::duration over = time.time_since_epoch() % period;
  return over == Clock::duration::zero() ? time : time + (period - over);
}

}  // namespace culvert

// A Loop without a poller whose clock stands still until told to advance.
#pragma once

#include "net/Loop.h"

#include <algorithm>
#include <chrono>

namespace culvert::test {

class ManualLoop final : public Loop {
 public:
  ManualLoop() { bindThread(); }
  ~ManualLoop() override { destroyRoots(); }

  Now now() const override { return {mono_, wall_}; }

  /// Runs turns until nothing waits.
  void run() {
    do runTurn();
    while (hasWork());
  }

  /// Lets `time` pass in steps of a tick, so that deadlines fire in their order, and runs what
  /// comes due.
  void advance(Clock::duration time) {
    run();
    while (time > Clock::duration::zero()) {
      const Clock::duration step = std::min<Clock::duration>(time, kTick);
      mono_ += step;
      wall_ += std::chrono::duration_cast<WallClock::duration>(step);
      time -= step;
      run();
    }
  }

  /// Lets `time` pass as if the process had been asleep: nothing runs until it is over.
  void stall(Clock::duration time) {
    const Clock::time_point from = mono_;
    mono_ += time;
    wall_ += std::chrono::duration_cast<WallClock::duration>(time);
    noteSleep(from, Clock::duration::zero());
    run();
  }

  /// Moves the wall clock alone.
  void stepWallClock(WallClock::duration by) { wall_ += by; }

 protected:
  void wake() override {}

 private:
  Clock::time_point mono_{std::chrono::hours(1)};
  WallClock::time_point wall_{std::chrono::seconds(1'700'000'000)};
};

}  // namespace culvert::test

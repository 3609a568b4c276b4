// The two clocks: time that passes, and CPU that this process uses.
#pragma once

#include <chrono>
#include <time.h>

namespace culvert::load {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using std::chrono::nanoseconds;

inline double inSeconds(nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

/// User and system time of this process since it began, in seconds.
inline double cpuSeconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace culvert::load

#include "reverse/RedialPauses.h"

#include <algorithm>

namespace culvert::reverse {
namespace {

using namespace std::chrono_literals;
constexpr Clock::duration kHealthyAge = 10s, kFirstFlap = 250ms, kMostFlap = 3s;

}  // namespace

Clock::duration RedialPauses::lost(Clock::time_point born, Clock::time_point now) noexcept {
  const bool flapped = now - born < kHealthyAge;
  flap_ = flapped ? std::clamp<Clock::duration>(flap_ * 2, kFirstFlap, kMostFlap)
                  : Clock::duration::zero();
  begun_ = now;
  dials_ = 0;
  return flap_;
}

Clock::duration RedialPauses::dialing(Clock::time_point now, double chance) noexcept {
  ++dials_;
  Clock::duration pause = 15s;
  if (dials_ == 1) {
    pause = 250ms;
  } else if (dials_ == 2) {
    pause = 500ms;
  } else if (now - begun_ < 10s) {
    pause = 1s;
  } else if (now - begun_ < 10min) {
    pause = 3s;
  }
  const std::chrono::duration<double> jittered = pause * (0.8 + 0.4 * chance);
  return std::chrono::duration_cast<Clock::duration>(jittered);
}

}  // namespace culvert::reverse

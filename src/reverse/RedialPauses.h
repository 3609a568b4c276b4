// When a bridge dials again, for one of its links.  Pure.
//
// At once after the loss of a healthy link; from the start of one dial to the start of the next
// then 0.25 s, 0.5 s, 1 s for ten seconds, 3 s for ten minutes, 15 s for ever, counted from that
// loss, whatever the cause, each with 20 % of jitter (F-HOLE, F-HERD).  A link that dies within 10
// s of its birth doubles its own first pause, to 3 s at most (F-FLAP).
#pragma once

#include "base/Clock.h"

#include <chrono>

namespace culvert::reverse {

class RedialPauses {
 public:
  explicit RedialPauses(Clock::time_point now) noexcept : begun_(now) {}

  /// The link that came up at `born` is lost.  Returns the pause before the first dial.
  Clock::duration lost(Clock::time_point born, Clock::time_point now) noexcept;
  /// A dial begins.  Returns the pause until the next one begins if it fails; `chance` is uniform
  /// in [0, 1).
  Clock::duration dialing(Clock::time_point now, double chance) noexcept;

 private:
  Clock::time_point begun_;  ///< of the search for a link
  unsigned dials_ = 0;
  Clock::duration flap_{};
};

}  // namespace culvert::reverse

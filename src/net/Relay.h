// Two streams joined until both are done: what one receives the other sends.
//
// Ends are passed on as they are: an end as an end, an abort as an abort (F-CUT, F-FIN).  When one
// side is over cleanly while the other still talks (a peer without half-close), the other gets its
// end and is listened to a little longer, so that closing with unread bytes does not destroy what
// it has not read yet.
#pragma once

#include "net/Loop.h"
#include "net/Stream.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

namespace culvert {

struct RelayResult {
  std::uint64_t up = 0, down = 0;  ///< bytes from the visitor, to the visitor
  std::error_code why;             ///< empty: both directions ended cleanly
};

/// Hears once how a relay ended.  Owned by the relay.
class RelayObserver {
 public:
  virtual ~RelayObserver() = default;
  virtual void onRelayDone(const RelayResult& result) = 0;
};

struct RelayOptions {
  /// No byte either way for so long, and none queued: the flow ends (LIM-16).
  Clock::duration idle = std::chrono::hours(2);
  /// For datagrams: until the first one came back, `idle` after it.
  Clock::duration idleUnanswered = std::chrono::hours(2);
  /// One direction has ended and nothing moves in the other.
  Clock::duration halfClosed = std::chrono::seconds(300);
  /// How long a side that still talks is listened to after the flow is over (F-CANCEL).
  Clock::duration visitorLinger = std::chrono::seconds(5), targetLinger = std::chrono::seconds(1);
  std::size_t targetLingerBytes = 1024 * 1024;
  const void* owner = nullptr;  ///< for Loop::stopRoots
};

/// Joins the streams on `loop`, which adopts the relay, and resumes both.  `observer` may be empty.
Root& joinRelay(Loop& loop, StreamPtr visitor, StreamPtr target, const RelayOptions& options,
                std::unique_ptr<RelayObserver> observer);

}  // namespace culvert

// Numbers for sessions: which one the client takes next, and which were in use a moment ago.
//
// A client counts 1 … 0xEFFF; the rest is for probes.  An id stays "recently closed" for 30 s,
// during which data that was under way for it is no surprise and no new session gets it.
#pragma once

#include "base/Clock.h"
#include "mux/Frame.h"

#include <bitset>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>

namespace culvert::mux {

class SessionIds {
 public:
  static constexpr SessionId kFirst = 1, kLast = 0xEFFF;
  static constexpr SessionId kFirstProbe = 0xF000;
  static constexpr std::chrono::seconds kRecent{30};

  /// The next free id, for which `isLive` is false; none: the link is full.
  template <class IsLive>
  std::optional<SessionId> next(Clock::time_point now, IsLive isLive) {
    for (unsigned tries = 0; tries <= kLast; ++tries) {
      last_ = last_ >= kLast ? kFirst : static_cast<SessionId>(last_ + 1);
      if (!isLive(last_) && !wasRecentlyClosed(last_, now)) return last_;
    }
    return std::nullopt;
  }

  void close(SessionId id, Clock::time_point now);
  /// The peer uses `id` again.
  void reopen(SessionId id) noexcept;
  [[nodiscard]] bool wasRecentlyClosed(SessionId id, Clock::time_point now);

 private:
  struct Closed {
    SessionId id;
    Clock::time_point at;
  };
  void forget(Clock::time_point now);

  SessionId last_ = 0;
  std::deque<Closed> closed_;                      ///< oldest first
  std::unique_ptr<std::bitset<65'536>> isClosed_;  ///< there while closed_ holds something
};

}  // namespace culvert::mux

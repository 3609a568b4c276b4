// Tells the owner what was refused, once a minute per destination, with the line that would allow
// it (REACH-8).
#pragma once

#include "base/Clock.h"
#include "base/Destination.h"
#include "proxy/Session.h"
#include "proxy/freedom/Reach.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace culvert::freedom {

/// Thread-safe.
class Refusals {
 public:
  static constexpr std::chrono::seconds kEvery{60};
  /// Beyond so many destinations in a minute no new one is told, only counted: a peer chooses them.
  static constexpr std::size_t kMaxDestinations = 256;

  explicit Refusals(std::string tag) : tag_(std::move(tag)) {}

  /// `dialled` is the address, or the target itself when it was not looked up.
  void note(const proxy::Session& session, const Destination& dialled, Refusal why, bool listed,
            Clock::time_point now);

  /// The line for the log, or "" when it is not due yet.
  std::string lineFor(const proxy::Session& session, const Destination& dialled, Refusal why,
                      bool listed, Clock::time_point now);

 private:
  struct Seen {
    Clock::time_point told;
    std::uint64_t since = 0;  ///< refused since then, without a line
  };
  const std::string tag_;
  std::mutex mutex_;
  std::map<std::string, Seen> seen_;  ///< guarded by mutex_
};

}  // namespace culvert::freedom

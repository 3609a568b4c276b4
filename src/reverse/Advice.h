// What is wrong with a registration, in words that say what to change: the two configurations
// cannot be checked against each other, so whoever notices tells.
#pragma once

#include "base/Clock.h"

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::reverse {

/// What is wrong when the user labelled `user` asks to register `asked` at a portal for `domains`;
/// empty: nothing to say.
///   id of "nas1" asked to register "default.bridge.culvert.internal": set bridge.name: nas1 on the
///   NAS
std::string adviseOnRegistration(std::string_view user, std::string_view asked,
                                 const std::vector<std::string>& domains);

/// Lets each text through once a minute.  Thread-safe.
class OncePerMinute {
 public:
  bool admit(const std::string& text, Clock::time_point now);

 private:
  static constexpr std::size_t kMost = 1024;
  std::mutex mutex_;
  std::map<std::string, Clock::time_point> said_;  ///< guarded by mutex_
};

}  // namespace culvert::reverse

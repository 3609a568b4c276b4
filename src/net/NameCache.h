// What names resolved to, for all reactors: fresh answers for as long as their TTL says, at most 60
// s, and the last good ones for as long as the resolver says nothing (F-DNS).  Failures are not
// remembered.  Thread-safe.
#pragma once

#include "base/Clock.h"
#include "base/Destination.h"

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace culvert {

class NameCache {
 public:
  static constexpr std::chrono::seconds kLongest{60};
  static constexpr std::size_t kMostNames = 4096;  ///< the least recently asked for goes

  /// One family's addresses of a name.
  struct Entry {
    std::vector<Ip> addresses;  ///< empty: none were ever found
    bool fresh = false;
  };

  /// `name` is normalized; `v6` says which family.
  [[nodiscard]] Entry find(const std::string& name, bool v6, Clock::time_point now);
  /// An answer came; no addresses mean that the name has none of that family.
  void store(const std::string& name, bool v6, std::vector<Ip> addresses, std::chrono::seconds ttl,
             Clock::time_point now);

 private:
  struct Known {
    std::vector<Ip> addresses[2];
    Clock::time_point until[2]{};
    std::list<std::string>::iterator age;
  };

  std::mutex mutex_;
  std::unordered_map<std::string, Known> names_;
  std::list<std::string> byAge_;  ///< least recently used first
};

}  // namespace culvert

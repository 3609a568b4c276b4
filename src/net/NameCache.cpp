#include "net/NameCache.h"

#include <algorithm>
#include <utility>

namespace culvert {

NameCache::Entry NameCache::find(const std::string& name, bool v6, Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = names_.find(name);
  if (found == names_.end()) return {};
  Known& known = found->second;
  byAge_.splice(byAge_.end(), byAge_, known.age);
  return {known.addresses[v6], now < known.until[v6]};
}

void NameCache::store(const std::string& name, bool v6, std::vector<Ip> addresses,
                      std::chrono::seconds ttl, Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto found = names_.find(name);
  if (found == names_.end()) {
    if (names_.size() >= kMostNames) {
      names_.erase(byAge_.front());
      byAge_.pop_front();
    }
    found = names_.emplace(name, Known()).first;
    found->second.age = byAge_.insert(byAge_.end(), name);
  }
  Known& known = found->second;
  known.addresses[v6] = std::move(addresses);
  known.until[v6] = now + std::clamp(ttl, std::chrono::seconds(0), kLongest);
}

}  // namespace culvert

#include "app/OwnListeners.h"

#include <algorithm>
#include <utility>

namespace culvert::app {

void OwnListeners::set(std::vector<OwnListener> listeners) {
  const std::lock_guard<std::mutex> lock(mutex_);
  listeners_ = std::move(listeners);
}

bool OwnListeners::contains(Network network, const Endpoint& dialled) const {
  bool onAll = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const OwnListener& own : listeners_) {
      if (own.network != network || own.port != dialled.port) continue;
      if (!own.addresses.empty() && own.addresses.front() == dialled.ip) return true;
      // The unspecified address of one family counts as both: which it is depends on the system.
      onAll = onAll || own.addresses.empty() || own.addresses.front().isAny();
    }
  }
  if (!onAll) return false;
  if (dialled.ip.isLoopback() || dialled.ip.isAny()) return true;
  const std::vector<Ip> ours = localAddresses_();
  return std::any_of(ours.begin(), ours.end(), [&](const Ip& ip) {
    const Bytes a = ip.bytes(), b = dialled.ip.bytes();
    return std::equal(a.begin(), a.end(), b.begin(), b.end());  // whatever the zone
  });
}

}  // namespace culvert::app

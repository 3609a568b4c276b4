#include "app/Owners.h"

#include <utility>

namespace culvert::app {

Owners::Info Owners::of(const Info& inbound, const void* outbound, const std::string& userKey) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Owner& owner = owners_[Key(inbound.get(), outbound, userKey)];
  if (!owner.info) {
    auto info = std::make_shared<proxy::InboundInfo>(*inbound);
    info->owner = info.get();
    owner = {inbound, outbound, userKey, std::move(info)};
  }
  return owner.info;
}

std::vector<const void*> Owners::remove(const std::function<bool(const Owner&)>& isGone) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<const void*> gone;
  for (auto it = owners_.begin(); it != owners_.end();) {
    if (isGone(it->second)) {
      gone.push_back(it->second.info->owner);
      it = owners_.erase(it);
    } else {
      ++it;
    }
  }
  return gone;
}

std::size_t Owners::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return owners_.size();
}

}  // namespace culvert::app

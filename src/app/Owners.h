// Who a running flow belongs to: the inbound it came in by, the outbound it was given to, the user
// that opened it.  When one of the three is gone after a reload, so are its flows (F-RELOAD,
// KEY-6).
//
// Every such triple is one InboundInfo, a copy of the inbound's with an owner of its own, which
// flows carry in their Session and by which Loop::stopRoots finds them.  Thread-safe.
#pragma once

#include "proxy/Session.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace culvert::app {

class Owners {
 public:
  using Info = std::shared_ptr<const proxy::InboundInfo>;

  struct Owner {
    Info inbound;          ///< the inbound's own
    const void* outbound;  ///< identity only; nullptr: the mux of an inbound
    std::string userKey;
    Info info;  ///< what its sessions carry
  };

  /// The info a session of `inbound` and `userKey` carries once it belongs to `outbound`.
  Info of(const Info& inbound, const void* outbound, const std::string& userKey);
  /// Forgets the owners for which `isGone` holds and returns what their flows carry as owner.
  std::vector<const void*> remove(const std::function<bool(const Owner&)>& isGone);
  [[nodiscard]] std::size_t size() const;

 private:
  using Key = std::tuple<const void*, const void*, std::string>;
  mutable std::mutex mutex_;
  std::map<Key, Owner> owners_;  ///< guarded by mutex_
};

}  // namespace culvert::app

// The ports this process listens on, so that no outbound dials them by accident (REACH-3).
// Thread-safe.
#pragma once

#include "base/Destination.h"

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace culvert::app {

/// One listening port; no address: all of this host's.
struct OwnListener {
  Network network = Network::Tcp;
  std::vector<Ip> addresses;  ///< empty or one
  std::uint16_t port = 0;
};

class OwnListeners {
 public:
  /// `localAddresses` tells the addresses of this host; asked only when a port of ours is dialled.
  explicit OwnListeners(std::function<std::vector<Ip>()> localAddresses)
      : localAddresses_(std::move(localAddresses)) {}

  void set(std::vector<OwnListener> listeners);
  [[nodiscard]] bool contains(Network network, const Endpoint& dialled) const;

 private:
  const std::function<std::vector<Ip>()> localAddresses_;
  mutable std::mutex mutex_;
  std::vector<OwnListener> listeners_;  ///< guarded by mutex_
};

/// The addresses of this host's interfaces, asked from the system.
std::vector<Ip> systemAddresses();

}  // namespace culvert::app

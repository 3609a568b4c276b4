// Who wants what: the metadata of one flow, made by an inbound and judged by the router.
#pragma once

#include "base/Destination.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace culvert::proxy {

/// How long flows may rest.  The values come from the configuration's policy or timeouts (LIM-16).
struct Timeouts {
  std::chrono::seconds idle{7200};       ///< TCP, no byte either way
  std::chrono::seconds halfClosed{300};  ///< one direction ended, no byte in the other
  std::chrono::seconds udpIdle{60}, udpIdleAnswered{300};
  bool operator==(const Timeouts&) const = default;
};

/// What is alike in all sessions of one inbound (or bridge).  Immutable; shared by its sessions.
struct InboundInfo {
  std::string tag;
  std::string protocol;        ///< "vmess", "dokodemo-door", "bridge"
  bool authenticates = false;  ///< its users proved who they are (PORT-1)
  Timeouts timeouts;
  const void* owner = nullptr;  ///< identity for Loop::stopRoots when the inbound is removed
};

struct Session {
  std::uint64_t id = 0;  ///< for the log; counts from 1
  std::shared_ptr<const InboundInfo> inbound;
  std::optional<Endpoint>
      source;  ///< the visitor; none for a flow out of a bridge unless the portal told
  std::optional<Endpoint> local;  ///< where the visitor came in
  std::string user;               ///< label (e-mail) of the authenticated user, or empty
  std::string userKey;  ///< which user, also without a label; compared and hashed, never printed
  Destination target;
  bool link = false;     ///< the bridge's own tunnel connection
  bool sniffed = false;  ///< the target's name came from the traffic, not from the client (PORT-1)
  bool publicOnly = false;  ///< may not be taken to this machine or a private network (PORT-3)
};

/// The next session number.  Thread-safe.
std::uint64_t nextSessionId() noexcept;

}  // namespace culvert::proxy

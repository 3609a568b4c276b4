// The private end of the tunnels: dials the portal, keeps links up, and hands the visitors that
// come out of them to the dispatcher.
//
// A link is an ordinary flow: a crossover with a mux server at one end, whose other end is
// dispatched with the target tcp:<domain>:0 and taken by whatever outbound the rules say.  Visitors
// are dispatched under the bridge's tag.  Two links at rest, more by load, dialled again as
// RedialPauses.h says. Source: V2Ray's reverse page; v2ray-core app/reverse/bridge.go.
#pragma once

#include "mux/Environment.h"
#include "net/Loop.h"
#include "proxy/Inbound.h"
#include "proxy/Session.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace culvert::reverse {

struct BridgeSettings {
  std::string tag{}, domain{};
  std::string peer{};      ///< how log lines call the portal: "vps.example.com:16823"
  std::string instance{};  ///< 16 random bytes, the same for all bridges of a process; empty: drawn
  std::size_t restLinks = 2, maxLinks = 32, sessionsPerLink = 16;
  /// Sessions, or chunks in a direction, after which a link to a V2Ray is replaced (CRY-2).
  std::uint64_t retireAt = 24'576;
};

struct BridgeStatus {
  std::size_t links = 0;     ///< up and answering
  std::size_t sessions = 0;  ///< on all links
};

struct BridgeCore;

class Bridge final {
 public:
  /// `inbound` is what its sessions carry (its tag is the bridge's); links are spread over `loops`,
  /// the first of which keeps them.  The dispatcher, the loops and the environment outlive all
  /// links.
  Bridge(BridgeSettings settings, std::shared_ptr<const proxy::InboundInfo> inbound,
         std::vector<Loop*> loops, proxy::Dispatcher& dispatcher, mux::Environment& environment);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  /// Begins to dial.  From any thread, once.
  void start();
  /// Dials no more and asks the portal to place nothing more here; what runs goes on.  From any
  /// thread.
  void drain();
  /// Closes every link.  From any thread.
  void stop(std::error_code why);
  /// From any thread; may lag by a turn.
  [[nodiscard]] BridgeStatus status() const;

 private:
  std::shared_ptr<BridgeCore> core_;
};

}  // namespace culvert::reverse

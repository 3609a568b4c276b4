// The public end of the tunnels: an outbound that holds links to bridges.
//
// A session whose target is the portal's own domain, from an inbound that authenticates, is a
// bridge's link (PORT-1); everything else is a visitor, who gets a session on the best link
// (TunnelPool.h) or is parked until there is one (Parking.h).  A link gets its first visitor when
// it has answered two probes (RPL-7). Source: V2Ray's reverse page; v2ray-core
// app/reverse/portal.go.
#pragma once

#include "mux/Environment.h"
#include "net/Loop.h"
#include "proxy/Outbound.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace culvert::reverse {

struct PortalSettings {
  std::string tag{}, domain{};
  /// Labels of the users that may register; empty: every user of an inbound that authenticates
  /// (PORT-2).
  std::vector<std::string> users{};
  /// Domains of all portals, for advice about wrong registrations.
  std::vector<std::string> domains{};
  /// The name of the control session; empty: announced and learned per user (Names.h).
  std::string controlName{};
  std::size_t maxParked = 256;
  std::chrono::seconds maxParkTime{10};
  /// Sessions, or chunks in a direction, after which a link is replaced (CRY-2).
  std::uint64_t retireAt = 24'576;
};

struct LinkStatus {
  std::uint64_t id = 0;
  std::string state;  ///< "unproven", "live", "suspect", "retiring", "closing"
  std::size_t sessions = 0, bulk = 0, queued = 0;
};

class PortalCore;

class Portal final : public proxy::Outbound {
 public:
  /// `loops` are those visitors and links come in on; they and `environment` outlive all links.
  Portal(PortalSettings settings, std::vector<Loop*> loops, mux::Environment& environment);
  ~Portal() override;

  Loop& home(const proxy::Session& session, Loop& here) override;
  void open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr record,
            Loop& here) override;

  /// Asks every bridge to open its links elsewhere; what runs goes on (F-UPGRADE).  From any
  /// thread.
  void drain();
  /// Closes every link.  From any thread.
  void stop(std::error_code why);
  [[nodiscard]] std::vector<LinkStatus> links() const;
  [[nodiscard]] std::size_t parked() const;

 private:
  std::shared_ptr<PortalCore> core_;
};

}  // namespace culvert::reverse

// What a portal's links, parked visitors and datagram flows share.  It lives as long as the last of
// them, also when the portal itself has been replaced by a reload.
#pragma once

#include "reverse/Advice.h"
#include "reverse/Parking.h"
#include "reverse/Portal.h"
#include "reverse/TunnelPool.h"
#include "reverse/Visitor.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace culvert::reverse {

class PortalCore : public std::enable_shared_from_this<PortalCore> {
 public:
  PortalCore(PortalSettings itsSettings, std::vector<Loop*> itsLoops,
             mux::Environment& itsEnvironment);

  /// Whether `session` asks to become a link.
  [[nodiscard]] bool isRegistration(const proxy::Session& session) const;
  void registerLink(Visitor visitor, Loop& here);
  /// Gives `visitor` to the best link, wherever it is, or parks it.
  void place(Visitor visitor, Loop& here, int hops = 0);
  /// A link may take visitors from now on.
  void linkIsUp() { parking->wake(); }
  /// A loop for the next link.
  Loop& nextLoop(Loop& here);

  /// Which control name (index) a user's bridges understood last.
  [[nodiscard]] std::size_t learnedName(const std::string& user) const;
  void learnName(const std::string& user, std::size_t index);

  const PortalSettings settings;
  const std::vector<Loop*> loops;
  mux::Environment& environment;
  TunnelPool pool;
  const std::shared_ptr<Parking> parking;

 private:
  /// Why `session` may not; empty: it may.
  [[nodiscard]] std::string refusal(const proxy::Session& session) const;
  void cross(Visitor visitor, Loop& here, const TunnelPtr& tunnel, int hops);
  bool join(Visitor& visitor, Loop& here, Tunnel& tunnel);

  OncePerMinute said_;
  std::atomic<std::uint64_t> nextLink_{1};
  std::atomic<std::size_t> nextLoop_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::size_t> names_;  ///< guarded by mutex_
};

}  // namespace culvert::reverse

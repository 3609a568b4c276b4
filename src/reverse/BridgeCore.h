// What a bridge's keeper and links share.
#pragma once

#include "base/Clock.h"
#include "net/Loop.h"
#include "reverse/Advice.h"
#include "reverse/Bridge.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace culvert::reverse {

class BridgeKeeper;
class BridgeLink;

/// One link, shared between the keeper and its own loop.
struct BridgeTunnel {
  BridgeTunnel(Loop& itsLoop, std::uint64_t itsId) : loop(itsLoop), id(itsId) {}

  Loop& loop;
  const std::uint64_t id;      ///< counts from 1, for the log
  BridgeLink* link = nullptr;  ///< on `loop`'s thread only; nullptr: not yet, or gone

  std::atomic<bool> cancelled{false};
  std::atomic<bool> isCulvert{false}, burdened{false}, pathIsLong{false};
  std::atomic<bool> replaced{false};  ///< another link is up: a retiring one may end
  std::atomic<std::uint32_t> sessions{0}, active{0}, bulk{0};
  std::atomic<bool> loadReported{false};
};
using BridgeTunnelPtr = std::shared_ptr<BridgeTunnel>;

/// What a link tells the keeper.
struct BridgeEvent {
  enum class Kind {
    Up,       ///< the portal has answered
    Suspect,  ///< it does not answer any more
    Recovered,
    Draining,  ///< another link is wanted in its place
    Lost,
    Load,
  } kind;
  std::error_code why = {};  ///< Lost
  bool hadAnswer = false;    ///< Lost: the portal had answered
};

struct BridgeCore : std::enable_shared_from_this<BridgeCore> {
  BridgeCore(BridgeSettings itsSettings, std::shared_ptr<const proxy::InboundInfo> itsInbound,
             std::vector<Loop*> itsLoops, proxy::Dispatcher& itsDispatcher,
             mux::Environment& itsEnvironment);

  /// From a link's loop to the keeper's.  A Load comes at a turn's end, when nothing of the
  /// keeper's is on the stack: on its own loop it is told at once.
  void report(const BridgeTunnelPtr& tunnel, BridgeEvent event);
  [[nodiscard]] Loop& home() const { return *loops.front(); }

  BridgeSettings settings;
  const std::shared_ptr<const proxy::InboundInfo> inbound;
  const std::vector<Loop*> loops;
  proxy::Dispatcher& dispatcher;
  mux::Environment& environment;
  OncePerMinute said;
  BridgeKeeper* keeper = nullptr;               ///< home's thread only
  std::atomic<std::size_t> sessions{0}, up{0};  ///< on all links; links up
};

}  // namespace culvert::reverse

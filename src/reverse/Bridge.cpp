#include "reverse/Bridge.h"

#include "base/Assert.h"
#include "reverse/BridgeCore.h"
#include "reverse/BridgeKeeper.h"

#include <array>
#include <utility>

namespace culvert::reverse {

BridgeCore::BridgeCore(BridgeSettings itsSettings,
                       std::shared_ptr<const proxy::InboundInfo> itsInbound,
                       std::vector<Loop*> itsLoops, proxy::Dispatcher& itsDispatcher,
                       mux::Environment& itsEnvironment)
    : settings(std::move(itsSettings)),
      inbound(std::move(itsInbound)),
      loops(std::move(itsLoops)),
      dispatcher(itsDispatcher),
      environment(itsEnvironment) {
  CULVERT_ASSERT(!loops.empty() && inbound);
  if (settings.peer.empty()) settings.peer = settings.domain;
  if (settings.instance.empty()) {
    std::array<std::uint8_t, 16> random{};
    environment.random(random);
    settings.instance = asText(random);
  }
}

void BridgeCore::report(const BridgeTunnelPtr& tunnel, BridgeEvent event) {
  if (event.kind == BridgeEvent::Kind::Load && home().isCurrent()) {
    if (keeper) keeper->onEvent(tunnel, event);
    return;
  }
  home().post([self = shared_from_this(), tunnel, event] {
    if (self->keeper) self->keeper->onEvent(tunnel, event);
  });
}

Bridge::Bridge(BridgeSettings settings, std::shared_ptr<const proxy::InboundInfo> inbound,
               std::vector<Loop*> loops, proxy::Dispatcher& dispatcher,
               mux::Environment& environment)
    : core_(std::make_shared<BridgeCore>(std::move(settings), std::move(inbound), std::move(loops),
                                         dispatcher, environment)) {}

Bridge::~Bridge() = default;

void Bridge::start() {
  core_->home().post(
      [core = core_] { core->home().adopt(std::make_unique<BridgeKeeper>(core)).start(); });
}

void Bridge::drain() {
  core_->home().post([core = core_] {
    if (core->keeper) core->keeper->drain();
  });
}

void Bridge::stop(std::error_code why) {
  core_->home().post([core = core_, why] {
    if (core->keeper) core->keeper->stop(why);
  });
}

BridgeStatus Bridge::status() const {
  return {.links = core_->up, .sessions = core_->sessions};
}

}  // namespace culvert::reverse

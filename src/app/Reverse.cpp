#include "app/Reverse.h"

#include <algorithm>
#include <utility>

namespace culvert::app {

std::shared_ptr<PortalUnit> makePortal(Core& core, const config::ReverseEntry& config) {
  // Who may register is decided by the rules, and what is wrong with them said by Notices.
  reverse::PortalSettings settings;
  settings.tag = config.tag;
  settings.domain = config.domain;
  auto unit = std::make_shared<PortalUnit>();
  unit->config = config;
  unit->portal =
      std::make_shared<reverse::Portal>(std::move(settings), core.environment.loops, core.mux);
  return unit;
}

std::shared_ptr<BridgeUnit> makeBridge(Core& core, const config::ReverseEntry& config,
                                       const Surroundings& surroundings, const std::string& peer) {
  auto unit = std::make_shared<BridgeUnit>();
  unit->config = config;
  unit->surroundings = surroundings;
  unit->peer = peer;
  unit->info = std::make_shared<proxy::InboundInfo>();
  unit->info->tag = config.tag;
  unit->info->protocol = "bridge";
  unit->info->timeouts = surroundings.timeouts;
  unit->info->owner = unit.get();

  // Each bridge is kept by another loop.
  std::vector<Loop*> loops = core.environment.loops;
  const auto home = std::find(loops.begin(), loops.end(), &core.nextLoop());
  std::rotate(loops.begin(), home, loops.end());
  reverse::BridgeSettings settings;
  settings.tag = config.tag;
  settings.domain = config.domain;
  settings.peer = peer;
  settings.instance = core.processId;
  unit->bridge = std::make_unique<reverse::Bridge>(std::move(settings), unit->info,
                                                   std::move(loops), core.dispatcher, core.mux);
  return unit;
}

}  // namespace culvert::app

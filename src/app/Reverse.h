// How portals and bridges are made from the configuration.
#pragma once

#include "app/Core.h"
#include "app/Units.h"
#include "config/Model.h"

#include <memory>
#include <string>

namespace culvert::app {

std::shared_ptr<PortalUnit> makePortal(Core& core, const config::ReverseEntry& config);

/// `peer`: how log lines call the portal.  Dials only once started.
std::shared_ptr<BridgeUnit> makeBridge(Core& core, const config::ReverseEntry& config,
                                       const Surroundings& surroundings, const std::string& peer);

}  // namespace culvert::app

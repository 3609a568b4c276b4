// `check --explain`: what would become of a visitor, in plain words.
#pragma once

#include "app/Instance.h"

#include <optional>
#include <string>
#include <vector>

namespace culvert::service {

/// The inbounds on `port`, each with the rule that takes its flows and where that leads; without a
/// port, what becomes of `host` (a name, a service, an address, with or without a port) at each
/// bridge, or else at each inbound that leaves the choice to the client.
std::vector<std::string> explain(const app::Instance& instance,
                                 const std::optional<std::string>& port,
                                 const std::optional<std::string>& host);

}  // namespace culvert::service

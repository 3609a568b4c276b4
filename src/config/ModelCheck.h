// What can be said about a whole model without knowing its protocols: tags, ports, where rules
// lead, and which of its freedoms its owner should know about.
#pragma once

#include "config/Model.h"
#include "config/Problems.h"

#include <cstddef>

namespace culvert::config {

constexpr std::size_t kMaxModelPorts = 1024;  ///< to listen on, ranges counted out (LIM-17)

/// Errors: a tag or a port used twice, a rule that leads nowhere, too many ports.  Warnings: a
/// bridge whose portal may reach everything (REACH-2), a portal that takes more from its bridges'
/// inbound than their registrations, users that may register each other's names (PORT-2). Rules
/// that can never match are the router's to tell; settings are their protocols'.
void checkModel(const Model& model, Problems& problems);

}  // namespace culvert::config

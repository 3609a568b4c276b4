// What a portal can reach through each bridge, in plain words (REACH-9).
#pragma once

#include "app/Plan.h"
#include "config/Model.h"

#include <string>
#include <vector>

namespace culvert::app {

/// One line per bridge: bridge "bridge": the portal can reach: tcp 127.0.0.1:80. Nothing else.
std::vector<std::string> reachTable(const config::Model& model, const Plan& plan);

}  // namespace culvert::app

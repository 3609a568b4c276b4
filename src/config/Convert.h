// From the friendly YAML to the model: which V2Ray objects a short file stands for, in a fixed
// order.
//
//   bridge:  per server   reverse.bridges bridge[-N]S, outbound tunnelS, the rule that joins them
//            per service  outbound svc-<name>, its rule by name, its rule by address and port
//            at the end   what is not a service is closed (deny), or let out (allow: any)
//   portal:  per bridge   reverse.portals portal[-N]
//            per port     inbound external…, its rule; then the inbound tunnel, the rules of
//            registrations deny         what no rule covers is closed
//
// N is the bridge's name, S the number of the server from the second on.  docs/configuration.md
// shows both sides of the mission's example.
#pragma once

#include "config/Model.h"
#include "config/Node.h"
#include "config/Problems.h"

namespace culvert::config {

/// Reads, checks and converts.  With errors the model is incomplete and only good for finding more
/// of them.
Model simpleToModel(const Node& root, Problems& problems);

}  // namespace culvert::config

// The VMess client as an outbound: each session gets a connection of its own to a server.
#pragma once

#include "config/Node.h"
#include "proxy/Registry.h"

#include <memory>

namespace culvert::vmess {

/// nullptr: the settings are wrong, which has been reported.  A session whose target is the mux
/// pseudo-host is asked for with command Mux: that is how app opens a stream for a mux client.
std::unique_ptr<proxy::Outbound> makeOutbound(const config::Node& settings,
                                              proxy::Context& context);

}  // namespace culvert::vmess

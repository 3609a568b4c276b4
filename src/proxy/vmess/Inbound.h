// The VMess server as an inbound: strangers in, sessions of known users out.
#pragma once

#include "base/Clock.h"
#include "config/Node.h"
#include "proxy/Registry.h"

#include <chrono>
#include <string_view>

namespace culvert::vmess {

/// nullptr: the settings are wrong, which has been reported.
proxy::InboundHandlerPtr makeInbound(const config::Node& settings, proxy::Context& context);

/// How long strangers are kept waiting (AUTH-3): `base` and up to a minute more, which is the same
/// for one installation and cannot be traced back to its `secret`.
Clock::duration patienceOf(std::string_view secret, std::chrono::seconds base);

}  // namespace culvert::vmess

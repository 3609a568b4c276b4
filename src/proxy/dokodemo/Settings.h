// Settings of a dokodemo-door inbound.
#pragma once

#include "base/Destination.h"
#include "config/Fields.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace culvert::dokodemo {

struct Settings {
  std::optional<Host> address;
  std::uint16_t port = 0;
  config::Networks network;
  std::chrono::seconds timeout{0}, udpIdle{0};
};
template <class V>
void fields(V& v, Settings& s) {
  v.optional("address", s.address,
             "**required.** the target, as seen from where the flow leaves: with a reverse "
             "proxy from the bridge");
  v.optional("port", s.port, "**required.** its port");
  v.optional("network", s.network, "tcp, udp or both. Default: tcp");
  v.optional("timeout", s.timeout,
             "seconds without bytes after which a flow ends; 0: the policy's connIdle");
  v.optional(
      "udpIdle", s.udpIdle,
      "seconds a UDP flow lives without datagrams. Default: 60, 300 once there was an answer");
  v.ignored("userLevel", "all levels are level 0 here");
  v.unsupported("followRedirect", config::Effect::Changes, "take the target from the kernel");
  v.unsupported("sendProxyProtocol", config::Effect::Changes, "send a PROXY header to the target");
  v.unsupported("portMap", config::Effect::Changes, "an Xray key");
}

}  // namespace culvert::dokodemo

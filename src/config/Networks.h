// TCP, UDP or both: what a port listens on, what a rule or a service is for.
#pragma once

namespace culvert::config {

struct Networks {
  bool tcp = true, udp = false;
  bool operator==(const Networks&) const = default;
};

}  // namespace culvert::config

// One line of a reach list: what an outbound may dial.
//
//   tcp:192.168.1.20:443      udp:10.0.0.0/8:53      tcp+udp:[2001:db8::/32]:1000-2000
//   tcp:nas.lan:80
//
// tcp, udp or tcp+udp; an address, a block or a name; a port or a range.  A name is matched as it
// was asked for, before it is looked up (REACH-7).
#pragma once

#include "base/Cidr.h"
#include "base/Destination.h"
#include "base/Result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace culvert::freedom {

struct ReachEntry {
  bool tcp = false, udp = false;
  std::variant<Cidr, std::string> host;  ///< a name is in the form of normalizedDomain()
  std::uint16_t firstPort = 0, lastPort = 0;

  [[nodiscard]] bool allows(Network network, std::uint16_t port) const noexcept;
  /// Whether it names one address and one port, which opens even the addresses nobody should reach
  /// (REACH-3).
  [[nodiscard]] bool isExact() const noexcept;
};

/// Errc::BadAddress for what is no entry.
Result<ReachEntry> parseReachEntry(std::string_view text);
/// As in the configuration.
std::string toString(const ReachEntry& entry);
/// The entry that allows exactly `target`: what a refusal tells the owner to add.
std::string entryFor(const Destination& target);

}  // namespace culvert::freedom

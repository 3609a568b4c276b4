// What a freedom outbound may dial: judged twice, as it was asked for and as the address really
// dialled.
//
// The first look keeps names that nothing allows away from the resolver (REACH-7) and refuses
// "names" that are numbers in disguise (REACH-5).  The second is made on every address between
// look-up and connect (REACH-4), whatever spelling led to it: an IPv4 address inside an IPv6 one
// (NAT64, 6to4, Teredo, IPv4-compatible) is judged too.  Pure but for the list of own listeners.
#pragma once

#include "base/Destination.h"
#include "proxy/freedom/ReachEntry.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::freedom {

/// Why something may not be dialled.
enum class Refusal {
  None,
  NotListed,    ///< a reach list is there and does not name it
  NotAName,     ///< a number in disguise, or characters no name has
  Special,      ///< this host's zero address, link-local, cloud metadata, multicast, broadcast
  OwnListener,  ///< a port of this process
  Private,      ///< a flow that may only go to the internet (PORT-3)
};
/// "is not in the reach list", ...; to stand behind the destination.
std::string_view toString(Refusal refusal);

class Reach {
 public:
  struct Rules {
    /// Absent: whatever the routing sends here, as V2Ray means it.
    std::optional<std::vector<ReachEntry>> list;
    /// The owner wrote this one address (and port, unless 0) as the outbound's only target: it
    /// counts as listed exactly.
    std::optional<Endpoint> fixed;
    std::function<bool(Network, const Endpoint&)> isOwnListener;
  };
  explicit Reach(Rules rules) : rules_(std::move(rules)) {}

  /// The first look, at the target as it was asked for.
  [[nodiscard]] Refusal judge(const Destination& target) const;
  /// The second look, at an address of `target` right before it is dialled.
  [[nodiscard]] Refusal judgeAddress(const Destination& target, const Endpoint& address,
                                     bool publicOnly) const;

  [[nodiscard]] bool isListed() const noexcept { return rules_.list.has_value(); }
  /// In plain words, for the reach table (REACH-9).
  [[nodiscard]] std::vector<std::string> describe() const;

 private:
  [[nodiscard]] bool listsName(const Destination& target) const;
  Rules rules_;
};

/// The IPv4 addresses that an IPv6 address stands for, by the rules of NAT64 (RFC 6052, 8215), 6to4
/// (RFC 3056), Teredo (RFC 4380: server and client) and IPv4-compatible addresses.
std::vector<Ip> embeddedAddresses(const Ip& ip);
/// Addresses nobody should reach through a tunnel unless named exactly (REACH-3).
bool isSpecial(const Ip& ip);
/// Whether a resolver could read `name` as a number ("127.1", "0x7f000001", "2130706433"), or it
/// has characters that no host name has.
bool isNumberInDisguise(std::string_view name);

}  // namespace culvert::freedom

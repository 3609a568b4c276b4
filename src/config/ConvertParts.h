// What the conversions of bridge and portal share: how V2Ray's objects are put together.  Values
// keep the place, the path and the secrecy of the friendly value they come from.
#pragma once

#include "config/Model.h"
#include "config/Simple.h"

#include <string>
#include <utility>
#include <vector>

namespace culvert::config {

using Members = std::vector<std::pair<std::string, Node>>;

namespace convert {

/// `node` with the origin's place, path and, if it was hidden, secrecy.
Node from(const Node& origin, Node node);
Node text(const Node& origin, std::string value);
Node number(const Node& origin, std::int64_t value);
Node texts(const Node& origin, const std::vector<std::string>& values);
/// Absent members are left out.
Node object(const Node& origin, Members members);

InboundConfig inbound(const Node& origin, std::string tag, const Listen& listen,
                      const Node& listenNode, std::uint16_t port, std::string protocol,
                      Node settings);
OutboundConfig outbound(const Node& origin, std::string tag, std::string protocol, Node settings);
/// `conditions` in the order in which they are written, inboundTag first.
RuleConfig rule(const Node& origin, Members conditions, std::string outboundTag);
ReverseEntry reverse(const Node& origin, std::string tag, std::string domain);
/// The settings of a vmess user: {id, alterId, ...}.
Members user(const Given<UserId>& id, const Given<AlterId>& alterId, const Node& origin);

constexpr const char* kDeny = "deny";
OutboundConfig deny(const Node& origin);

}  // namespace convert

/// Steps B1 to B7.  `deny` there already: not made again.
void convertBridge(const SimpleBridge& bridge, const Node& node, bool hasDeny, Model& model);

struct PortalOptions {
  bool hasAdvanced = false;  ///< what the tunnel may not do must end here
  const SimpleTimeouts* timeouts = nullptr;
};
/// Steps P1 to P5.
void convertPortal(const SimplePortal& portal, const Node& node, const PortalOptions& options,
                   Model& model);
/// P6: whether the portal's form names or needs `deny`.
bool portalNeedsDeny(const SimplePortal& portal, bool alone);

/// Section `advanced`: adds what it says behind what is there.
void addAdvanced(const SimpleFile& file, Model& model, Problems& problems);

}  // namespace culvert::config

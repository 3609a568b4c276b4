#include "config/ConvertParts.h"
#include "config/SimpleTags.h"

#include <algorithm>

namespace culvert::config {
namespace {

using convert::number;
using convert::object;
using convert::outbound;
using convert::rule;
using convert::text;
using convert::texts;

Node portsOf(const Node& origin, const PortRange& ports) {
  if (ports.from == ports.to) return number(origin, ports.from);
  return text(origin, std::to_string(ports.from) + "-" + std::to_string(ports.to));
}

OutboundConfig tunnel(const SimpleBridge& bridge, std::size_t index) {
  const Given<HostPort>& server = bridge.server.value[index];
  Members account = convert::user(bridge.id, bridge.alterId, bridge.id.node);
  if (bridge.legacy && *bridge.legacy)
    account.emplace_back("legacy", convert::from(bridge.legacy.node,
                                                 Node::boolean(true, bridge.legacy.node.place())));
  const Node& origin = server.node;
  const Node users = Node::list({object(bridge.id.node, std::move(account))}, origin.place());
  const Node peer = object(origin, {{"address", text(origin, server->written)},
                                    {"port", number(origin, server->port)},
                                    {"users", users}});
  return outbound(origin, "tunnel" + serverSuffix(index), "vmess",
                  object(origin, {{"vnext", Node::list({peer}, origin.place())}}));
}

/// A name under the bridge's domain, and what it stands for.
void addService(const std::string& name, const Given<ServiceTarget>& service,
                const std::string& domain, const std::vector<std::string>& tags, bool byAddress,
                Model& model) {
  const Node& origin = service.node;
  const ServiceTarget& target = *service;
  const bool range = target.ports.from != target.ports.to;
  const std::string tag = "svc-" + name;
  const std::string redirect =
      bracketed(target.written) + ":" + std::to_string(range ? 0 : target.ports.from);
  model.outbounds.push_back(
      outbound(origin, tag, "freedom", object(origin, {{"redirect", text(origin, redirect)}})));

  const Node network = text(origin, toString(target.networks));
  model.rules.push_back(rule(origin,
                             {{"inboundTag", texts(origin, tags)},
                              {"domain", texts(origin, {"full:" + name + "." + domain})},
                              {"port", range ? portsOf(origin, target.ports) : Node()},
                              {"network", network}},
                             tag));
  if (byAddress) {
    const bool isIp = std::holds_alternative<Ip>(target.host);
    model.rules.push_back(rule(origin,
                               {{"inboundTag", texts(origin, tags)},
                                {isIp ? "ip" : "domain",
                                 texts(origin, {isIp ? target.written : "full:" + target.written})},
                                {"port", portsOf(origin, target.ports)},
                                {"network", network}},
                               tag));
  }
  model.services.push_back(
      {name, name + "." + domain, target.networks, target.written, target.ports, origin.place()});
}

bool isSame(const ServiceTarget& a, const ServiceTarget& b) {
  return a.host == b.host && a.ports == b.ports && a.networks == b.networks;
}

}  // namespace

void convertBridge(const SimpleBridge& bridge, const Node& node, bool hasDeny, Model& model) {
  const std::string name = bridge.name ? bridge.name->text : std::string();
  const std::string domain = domainOf(bridge.domain, name);
  const Node& domainNode = bridge.domain ? bridge.domain.node : node;

  std::vector<std::string> tags;
  for (std::size_t i = 0; i < bridge.server->size(); ++i) {
    const Node& origin = bridge.server.value[i].node;
    tags.push_back(taggedName("bridge", name) + serverSuffix(i));
    model.bridges.push_back(convert::reverse(domainNode, tags.back(), domain));
    model.outbounds.push_back(tunnel(bridge, i));
    model.rules.push_back(rule(node,
                               {{"inboundTag", texts(node, {tags.back()})},
                                {"domain", texts(domainNode, {"full:" + domain})}},
                               "tunnel" + serverSuffix(i)));
    model.rules.back().place = origin.place();
  }

  const auto& services = bridge.services->items;
  for (auto service = services.begin(); service != services.end(); ++service) {
    const bool byAddress = std::none_of(services.begin(), service, [&service](const auto& earlier) {
      return isSame(*earlier.value, *service->value);
    });
    addService(service->name, service->value, domain, tags, byAddress, model);
  }

  const bool open = static_cast<bool>(bridge.allow);
  const Node& last = open ? bridge.allow.node : node;
  if (open) {
    model.outbounds.push_back(outbound(last, "out", "freedom", object(last, {})));
  } else if (!hasDeny) {
    model.outbounds.push_back(convert::deny(last));
  }
  model.rules.push_back(
      rule(last, {{"inboundTag", texts(last, tags)}}, open ? "out" : convert::kDeny));
}

}  // namespace culvert::config

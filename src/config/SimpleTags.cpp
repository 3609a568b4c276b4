#include "config/SimpleTags.h"

namespace culvert::config {

std::vector<SimpleMemberView> membersOf(const SimplePortal& portal) {
  std::vector<SimpleMemberView> members;
  if (!portal.bridges.given()) {
    if (portal.id)
      members.push_back({{}, &portal.id, &portal.alterId, domainOf(portal.domain, {}), {}});
    return members;
  }
  for (const auto& [name, place, member] : portal.bridges->items) {
    if (member)
      members.push_back(
          {name, &member->id, &member->alterId, domainOf(member->domain, name), member.node});
  }
  return members;
}

std::optional<std::size_t> memberFor(const std::vector<SimpleMemberView>& members, const To& to) {
  if (to.bridge.empty()) return members.size() == 1 ? std::optional<std::size_t>(0) : std::nullopt;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].name == to.bridge) return i;
  }
  return std::nullopt;
}

std::vector<std::string> inboundTags(const SimplePublish& publish, std::size_t entries) {
  const PortRange& ports = publish.listen->ports;
  const std::string end = publish.listen->networks.tcp ? "" : "-udp";
  std::string stem = "external";
  if (publish.name) stem += "-" + publish.name->text;
  if (ports.from == ports.to) {
    if (!publish.name && entries > 1) stem += "-" + std::to_string(ports.from);
    return {stem + end};
  }
  std::vector<std::string> tags;
  for (unsigned port = ports.from; port <= ports.to; ++port)
    tags.push_back(stem + "-" + std::to_string(port) + end);
  return tags;
}

std::string taggedName(const std::string& word, const std::string& name) {
  return name.empty() ? word : word + "-" + name;
}

std::string serverSuffix(std::size_t index) {
  return index == 0 ? "" : "-" + std::to_string(index + 1);
}

}  // namespace culvert::config

#include "config/ConvertParts.h"
#include "config/SimpleTags.h"

#include <algorithm>

namespace culvert::config {
namespace {

using convert::number;
using convert::object;
using convert::rule;
using convert::text;
using convert::texts;

/// What the n-th port of a published range asks the bridge for.
struct Asked {
  std::string address;
  std::uint16_t port;
};
Asked askedOf(const SimplePublish& publish, const SimpleMemberView& member, unsigned offset) {
  const To& to = *publish.to;
  if (!to.service.empty()) {
    const unsigned first = publish.toPort ? publish.toPort->value : publish.listen->ports.from;
    return {to.service + "." + member.domain, static_cast<std::uint16_t>(first + offset)};
  }
  const bool range = to.ports.from != to.ports.to;
  return {to.written, static_cast<std::uint16_t>(to.ports.from + (range ? offset : 0))};
}

void addInbounds(const Given<SimplePublish>& entry, const SimpleMemberView& member,
                 const std::vector<std::string>& tags, const PortalOptions& options, Model& model) {
  const SimplePublish& publish = *entry;
  const Listen& listen = *publish.listen;
  const Given<Seconds>* udpIdle = options.timeouts ? &options.timeouts->udpIdle : nullptr;
  for (unsigned offset = 0; offset < tags.size(); ++offset) {
    const Asked asked = askedOf(publish, member, offset);
    Members settings{{"address", text(publish.to.node, asked.address)},
                     {"port", number(publish.to.node, asked.port)},
                     {"network", text(publish.listen.node, toString(listen.networks))}};
    if (publish.idle)
      settings.emplace_back("timeout", number(publish.idle.node, publish.idle->value.count()));
    if (listen.networks.udp && udpIdle && *udpIdle)
      settings.emplace_back("udpIdle", number(udpIdle->node, (*udpIdle)->value.count()));
    const auto port = static_cast<std::uint16_t>(listen.ports.from + offset);
    InboundConfig inbound =
        convert::inbound(entry.node, tags[offset], listen, publish.listen.node, port,
                         "dokodemo-door", object(entry.node, std::move(settings)));
    if (publish.optional && *publish.optional) {
      inbound.optional = true;
      std::vector<Node::Entry> members = inbound.source.entries();
      members.push_back({"optional", publish.optional.node.place(), publish.optional.node});
      inbound.source =
          Node::map(std::move(members), entry.node.place()).withPath(entry.node.path());
    }
    model.inbounds.push_back(std::move(inbound));
  }
}

void addRules(const Given<SimplePublish>& entry, const std::vector<std::string>& tags,
              const std::string& portalTag, Model& model) {
  Members conditions{{"inboundTag", texts(entry.node, tags)}};
  const auto& allowed = entry->allowFrom;
  if (allowed.given()) {
    std::vector<Node> sources;
    for (const Given<SourceBlock>& block : allowed.value)
      sources.push_back(text(block.node, block.node.text()));
    conditions.emplace_back(
        "source",
        Node::list(std::move(sources), allowed.node.place()).withPath(allowed.node.path()));
  }
  model.rules.push_back(rule(entry.node, std::move(conditions), portalTag));
  if (allowed.given())
    model.rules.push_back(
        rule(allowed.node, {{"inboundTag", texts(allowed.node, tags)}}, convert::kDeny));
}

}  // namespace

bool portalNeedsDeny(const SimplePortal& portal, bool alone) {
  const bool limited = std::any_of(portal.publish->begin(), portal.publish->end(),
                                   [](const auto& entry) { return entry->allowFrom.given(); });
  return portal.bridges.given() || limited || !alone;
}

void convertPortal(const SimplePortal& portal, const Node& node, const PortalOptions& options,
                   Model& model) {
  const auto members = membersOf(portal);
  for (const SimpleMemberView& member : members)
    model.portals.push_back(convert::reverse(member.node ? member.node : node,
                                             taggedName("portal", member.name), member.domain));

  for (const Given<SimplePublish>& entry : portal.publish.value) {
    const auto index = memberFor(members, *entry->to);
    if (!index) continue;
    const SimpleMemberView& member = members[*index];
    const auto tags = inboundTags(*entry, portal.publish->size());
    addInbounds(entry, member, tags, options, model);
    addRules(entry, tags, taggedName("portal", member.name), model);
  }

  std::vector<Node> clients;
  for (const SimpleMemberView& member : members) {
    const Node& origin = member.node ? member.node : node;
    Members client = convert::user(*member.id, *member.alterId, origin);
    if (!member.name.empty()) client.emplace_back("email", text(origin, member.name));
    clients.push_back(object(origin, std::move(client)));
  }
  const Node settings = object(
      node, {{"clients", Node::list(std::move(clients), node.place()).withPath(node.path())}});
  model.inbounds.push_back(convert::inbound(node, "tunnel", *portal.listen, portal.listen.node,
                                            portal.listen->ports.from, "vmess", settings));
  for (const SimpleMemberView& member : members) {
    const Node& origin = member.node ? member.node : node;
    model.rules.push_back(
        rule(origin,
             {{"inboundTag", texts(node, {"tunnel"})},
              {"domain", texts(origin, {"full:" + member.domain})},
              {"user", member.name.empty() ? Node() : texts(origin, {member.name})}},
             taggedName("portal", member.name)));
  }
  if (options.hasAdvanced)
    model.rules.push_back(rule(node, {{"inboundTag", texts(node, {"tunnel"})}}, convert::kDeny));
}

}  // namespace culvert::config

#include "config/ConvertParts.h"

namespace culvert::config::convert {

Node from(const Node& origin, Node node) {
  node = node.withPath(origin.path());
  if (const Node reference = origin.reference()) return node.asSecret(reference);
  return origin.isSecret() ? node.asSecret() : node;
}

Node text(const Node& origin, std::string value) {
  return from(origin, Node::string(std::move(value), origin.place()));
}

Node number(const Node& origin, std::int64_t value) {
  return from(origin, Node::number(value, origin.place()));
}

Node texts(const Node& origin, const std::vector<std::string>& values) {
  std::vector<Node> items;
  for (const std::string& value : values) items.push_back(text(origin, value));
  return Node::list(std::move(items), origin.place()).withPath(origin.path());
}

// Moved from through the binding, which the check does not see.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
Node object(const Node& origin, Members members) {
  std::vector<Node::Entry> entries;
  for (auto& [key, value] : members) {
    if (value) entries.push_back({std::move(key), value.place(), std::move(value)});
  }
  return Node::map(std::move(entries), origin.place()).withPath(origin.path());
}

InboundConfig inbound(const Node& origin, std::string tag, const Listen& listen,
                      const Node& listenNode, std::uint16_t port, std::string protocol,
                      Node settings) {
  InboundConfig inbound;
  inbound.tag = tag;
  inbound.protocol = protocol;
  if (listen.address) inbound.listen.push_back(*listen.address);
  inbound.port = {port, port};
  inbound.settings = settings;
  inbound.place = listenNode.place();
  inbound.source = object(
      origin, {{"tag", text(origin, std::move(tag))},
               {"listen", listen.address ? text(listenNode, toString(*listen.address)) : Node()},
               {"port", number(listenNode, port)},
               {"protocol", text(origin, std::move(protocol))},
               {"settings", std::move(settings)}});
  return inbound;
}

OutboundConfig outbound(const Node& origin, std::string tag, std::string protocol, Node settings) {
  OutboundConfig outbound;
  outbound.tag = tag;
  outbound.protocol = protocol;
  outbound.settings = settings;
  outbound.place = origin.place();
  outbound.source = object(origin, {{"tag", text(origin, std::move(tag))},
                                    {"protocol", text(origin, std::move(protocol))},
                                    {"settings", std::move(settings)}});
  return outbound;
}

RuleConfig rule(const Node& origin, Members conditions, std::string outboundTag) {
  RuleConfig rule;
  const std::pair<const char*, Node RuleConfig::*> kNames[] = {
      {"inboundTag", &RuleConfig::inboundTag},
      {"domain", &RuleConfig::domain},
      {"ip", &RuleConfig::ip},
      {"port", &RuleConfig::port},
      {"network", &RuleConfig::network},
      {"source", &RuleConfig::source},
      {"user", &RuleConfig::user}};
  for (const auto& [key, value] : conditions) {
    for (const auto& [name, member] : kNames) {
      if (key == name) rule.*member = value;
    }
  }
  rule.outboundTag = text(origin, std::move(outboundTag));
  rule.place = origin.place();
  Members members{{"type", text(origin, "field")}};
  members.insert(members.end(), std::make_move_iterator(conditions.begin()),
                 std::make_move_iterator(conditions.end()));
  members.emplace_back("outboundTag", rule.outboundTag);
  rule.object = object(origin, std::move(members));
  return rule;
}

ReverseEntry reverse(const Node& origin, std::string tag, std::string domain) {
  ReverseEntry entry;
  entry.object = object(origin, {{"tag", text(origin, tag)}, {"domain", text(origin, domain)}});
  entry.tag = std::move(tag);
  entry.domain = std::move(domain);
  entry.place = origin.place();
  return entry;
}

Members user(const Given<UserId>& id, const Given<AlterId>& alterId, const Node& origin) {
  return {{"id", text(id.node, id.node.text()).asSecret()},
          {"alterId", number(alterId ? alterId.node : origin, alterId ? alterId->value : 0)}};
}

OutboundConfig deny(const Node& origin) {
  return outbound(origin, kDeny, "blackhole", {});
}

}  // namespace culvert::config::convert

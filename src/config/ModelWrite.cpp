// The way back: a Model as V2Ray's JSON.
#include "config/ModelJson.h"
#include "config/Scalars.h"
#include "config/Secrets.h"
#include "config/Text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert::config {
namespace {

enum class Detail { Short, Full };  // whether defaults are written

/// A map in the making: what is Absent is left out.
class MapOf {
 public:
  MapOf& with(std::string key, Node value) {
    if (value) entries_.push_back({std::move(key), {}, std::move(value)});
    return *this;
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  Node node() { return Node::map(std::move(entries_)); }
  /// Absent when there is nothing in it.
  Node orAbsent() { return entries_.empty() ? Node() : node(); }

 private:
  std::vector<Node::Entry> entries_;
};

Node textOrAbsent(const std::string& text) {
  return text.empty() ? Node() : Node::string(text);
}

/// Keys V2Ray wants a JSON number for; YAML lets people quote numbers.
bool isNumberKey(std::string_view key) {
  constexpr auto kKeys = std::to_array<std::string_view>(
      {"port", "alterId", "level", "userLevel", "timeout", "udpIdle", "sendProxyProtocol"});
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

/// A protocol's settings in V2Ray's forms.
Node settingsForJson(const Node& node, std::string_view key = {}) {
  if (node.dialect() == Dialect::Yaml && node.isString() && isNumberKey(key) &&
      parseWhole(node.text())) {
    const Node number = Node::number(node.text(), node.place());
    return node.reference() ? number.asSecret(node.reference()) : number;
  }
  if (node.isList()) {
    std::vector<Node> items;
    for (const Node& item : node.items()) items.push_back(settingsForJson(item, key));
    return Node::list(std::move(items), node.place()).withPath(node.path());
  }
  // A reference that is still to be resolved must be found as one by who writes the file.
  if (!node.isMap() || isReference(node)) return node;
  std::vector<Node::Entry> entries;
  for (const Node::Entry& entry : node.entries()) {
    entries.push_back({entry.key, entry.keyPlace, settingsForJson(entry.value, entry.key)});
  }
  return Node::map(std::move(entries), node.place()).withPath(node.path());
}

Node strings(const Node& node) {
  if (!node) return node;
  std::vector<Node> items;
  for (std::string& text : stringList(node)) items.push_back(Node::string(std::move(text)));
  return Node::list(std::move(items), node.place());
}

/// "53,443,1000-2000", or a number when it is one port.
Node ports(const Node& node) {
  if (!node) return node;
  std::string text = node.text();
  for (const Node& item : node.items()) text += (text.empty() ? "" : ",") + item.text();
  return parseWhole(text) ? Node::number(text, node.place()) : Node::string(text, node.place());
}

Node networks(const Node& node) {
  std::string text;
  for (const std::string& word : stringList(node)) {
    text += (text.empty() ? "" : ",") + lowerCase(word);
  }
  return textOrAbsent(text);
}

Node rule(const RuleConfig& from) {
  return MapOf()
      .with("type", Node::string("field"))
      .with("inboundTag", strings(from.inboundTag))
      .with("user", strings(from.user))
      .with("source", strings(from.source))
      .with("sourcePort", ports(from.sourcePort))
      .with("domain", strings(from.domain))
      .with("ip", strings(from.ip))
      .with("port", ports(from.port))
      .with("network", networks(from.network))
      .with("protocol", strings(from.protocol))
      .with("attrs", from.attrs)
      .with("outboundTag", from.outboundTag)
      .with("balancerTag", from.balancerTag)
      .node();
}

Node portOf(const PortRange& range) {
  if (range.from == range.to) return Node::number(std::int64_t{range.from});
  return Node::string(std::to_string(range.from) + "-" + std::to_string(range.to));
}

Node inbound(const InboundConfig& from, Detail detail) {
  const bool isFull = detail == Detail::Full;
  MapOf map;
  map.with("tag", isFull ? Node::string(from.tag) : textOrAbsent(from.tag));
  if (!from.listen.empty()) map.with("listen", Node::string(toString(from.listen.front())));
  map.with("port", portOf(from.port));
  map.with("protocol", Node::string(from.protocol));
  map.with("settings", settingsForJson(from.settings));
  if (from.optional || isFull) map.with("optional", Node::boolean(from.optional));
  return map.node();
}

Node outbound(const OutboundConfig& from, Detail detail) {
  const bool isFull = detail == Detail::Full;
  MapOf map;
  map.with("tag", isFull ? Node::string(from.tag) : textOrAbsent(from.tag));
  if (!from.sendThrough.empty()) {
    map.with("sendThrough", Node::string(toString(from.sendThrough.front())));
  }
  map.with("protocol", Node::string(from.protocol));
  map.with("settings", settingsForJson(from.settings));
  MapOf mux;
  if (from.muxEnabled || isFull) mux.with("enabled", Node::boolean(from.muxEnabled));
  if ((from.muxEnabled && from.muxConcurrency != OutboundConfig().muxConcurrency) || isFull) {
    mux.with("concurrency", Node::number(std::int64_t{from.muxConcurrency}));
  }
  return map.with("mux", mux.orAbsent()).node();
}

Node reverse(const Model& model) {
  const auto list = [](const std::vector<ReverseEntry>& entries) {
    std::vector<Node> items;
    for (const ReverseEntry& entry : entries) {
      items.push_back(MapOf()
                          .with("tag", Node::string(entry.tag))
                          .with("domain", Node::string(entry.domain))
                          .node());
    }
    return items.empty() ? Node() : Node::list(std::move(items));
  };
  return MapOf()
      .with("bridges", list(model.bridges))
      .with("portals", list(model.portals))
      .orAbsent();
}

Node log(const LogConfig& from, Detail detail) {
  constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error", "none"};
  constexpr std::string_view kAddresses[] = {"full", "short", "none"};
  const LogConfig usual;
  const bool writesAccess = !from.access.empty() && from.access != "none";
  const bool isUsual = from.level == usual.level && from.file.empty() && !writesAccess &&
                       !from.json && from.addresses == usual.addresses;
  const bool isFull = detail == Detail::Full;
  if (isUsual && !isFull) return {};
  MapOf map;
  map.with("loglevel", Node::string(std::string(kLevels[static_cast<std::size_t>(from.level)])));
  map.with("error", textOrAbsent(from.file));
  // Absent would mean standard output to V2Ray.
  if (!writesAccess || from.access != "stdout") {
    map.with("access", Node::string(writesAccess ? from.access : "none"));
  }
  if (from.json || isFull) map.with("format", Node::string(from.json ? "json" : "text"));
  if (from.addresses != usual.addresses || isFull) {
    map.with("addresses",
             Node::string(std::string(kAddresses[static_cast<std::size_t>(from.addresses)])));
  }
  return map.node();
}

Node policy(const Policy& from) {
  const auto seconds = [](const std::optional<std::chrono::seconds>& value) {
    return value ? Node::number(std::int64_t{value->count()}) : Node();
  };
  Node level = MapOf()
                   .with("handshake", seconds(from.handshake))
                   .with("connIdle", seconds(from.connIdle))
                   .with("uplinkOnly", seconds(from.uplinkOnly))
                   .with("downlinkOnly", seconds(from.downlinkOnly))
                   .orAbsent();
  if (!level) return level;
  return MapOf().with("levels", MapOf().with("0", level).node()).node();
}

template <class T, class Make>
Node listOf(const std::vector<T>& from, Make make) {
  std::vector<Node> items;
  for (const T& one : from) items.push_back(make(one));
  return items.empty() ? Node() : Node::list(std::move(items));
}

Node routing(const Model& model, Detail detail) {
  MapOf map;
  if (model.domainStrategy != Model().domainStrategy || detail == Detail::Full) {
    map.with("domainStrategy", Node::string(model.domainStrategy));
  }
  return map.with("rules", listOf(model.rules, rule)).orAbsent();
}

Node compat(const Model& model, Detail detail) {
  const bool isFull = detail == Detail::Full;
  MapOf map;
  if (model.portalAsDefault || isFull)
    map.with("portalAsDefault", Node::boolean(model.portalAsDefault));
  if (model.idMapping || isFull) map.with("idMapping", Node::boolean(model.idMapping));
  return map.orAbsent();
}

Node root(const Model& model, Detail detail) {
  MapOf map;
  map.with("log", log(model.log, detail))
      .with("policy", policy(model.policy))
      .with("reverse", reverse(model))
      .with("inbounds",
            listOf(model.inbounds, [detail](const auto& one) { return inbound(one, detail); }))
      .with("outbounds",
            listOf(model.outbounds, [detail](const auto& one) { return outbound(one, detail); }))
      .with("routing", routing(model, detail));
  if (model.threads > 0 || detail == Detail::Full) {
    map.with("threads", Node::number(std::int64_t{model.threads}));
  }
  return map.with("compat", compat(model, detail)).node();
}

}  // namespace

Node toV2Ray(const Model& model) {
  return root(model, Detail::Short);
}

Node toFullV2Ray(const Model& model) {
  return root(model, Detail::Full);
}

bool sameModel(const Model& a, const Model& b) {
  return toV2Ray(a).sameAs(toV2Ray(b));
}

}  // namespace culvert::config

#include "config/ModelJson.h"

#include "config/ModelFields.h"
#include "config/Secrets.h"
#include "config/Suggest.h"
#include "config/Text.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace culvert::config {
namespace {

constexpr int kMostConcurrency = 1024;

/// Absent and null are the same in V2Ray's JSON.
Node orAbsent(const Node& value) {
  return value.kind() == Node::Kind::Null ? Node::absent(value.place(), value.path()) : value;
}

void unsupported(Problems& problems, const Node& node, const std::string& what = {}) {
  error(problems, node, "unsupported", what + "not in this version");
}

// ---- streamSettings: this version has plain TCP.

void checkNetwork(const Node& network, Problems& problems) {
  static const std::vector<std::string> kKnown = {
      "tcp",  "raw",  "ws",  "websocket", "httpupgrade", "grpc",         "gun",   "h2",
      "http", "quic", "kcp", "mkcp",      "ds",          "domainsocket", "xhttp", "splithttp"};
  const std::string word = lowerCase(network.text());
  if (!network.isString()) return;
  if (word == "tcp" || word == "raw" || word.empty()) return;
  if (std::find(kKnown.begin(), kKnown.end(), word) != kKnown.end()) {
    return unsupported(problems, network, found(network) + ": ");
  }
  error(problems, network, "bad-form",
        "expected a transport such as tcp, got " + found(network) + didYouMean(word, kKnown));
}

void checkSecurity(const Node& security, Problems& problems) {
  static const std::vector<std::string> kKnown = {"none", "tls", "reality", "xtls"};
  const std::string word = lowerCase(security.text());
  if (!security.isString()) return;
  if (word == "none" || word.empty()) return;
  if (std::find(kKnown.begin(), kKnown.end(), word) != kKnown.end()) {
    return unsupported(problems, security, found(security) + ": ");
  }
  error(problems, security, "bad-form",
        "expected none or tls, got " + found(security) + didYouMean(word, kKnown),
        "V2Ray would use no security at all");
}

void checkTcp(const TcpText& tcp, const Node& node, Problems& problems) {
  const Node header = node["header"];
  const std::string type = lowerCase(tcp.header.type);
  if (type == "http") unsupported(problems, header["type"], "\"http\": ");
  if (type != "http" && type != "none" && header["type"].isString()) {
    expected(problems, header["type"], "bad-form", "none or http");
  }
  if (tcp.acceptProxyProtocol) unsupported(problems, node["acceptProxyProtocol"]);
}

void checkSockopt(const SockoptText& sockopt, const Node& node, Problems& problems) {
  if (sockopt.mark != 0) unsupported(problems, node["mark"]);
  const std::string tproxy = lowerCase(sockopt.tproxy);
  if (tproxy == "redirect" || tproxy == "tproxy") unsupported(problems, node["tproxy"]);
  if (tproxy != "redirect" && tproxy != "tproxy" && tproxy != "off" && !tproxy.empty()) {
    expected(problems, node["tproxy"], "bad-form", "off, redirect or tproxy");
  }
  if (sockopt.acceptProxyProtocol) unsupported(problems, node["acceptProxyProtocol"]);
}

void checkStream(const At<StreamText>& stream, Problems& problems) {
  if (!stream.node.isMap()) return;
  const StreamText& text = stream.value;
  checkNetwork(orAbsent(stream.node["network"]), problems);
  checkSecurity(orAbsent(stream.node["security"]), problems);
  for (const auto* tcp : {&text.tcpSettings, &text.rawSettings}) {
    if (tcp->node.isMap()) checkTcp(tcp->value, tcp->node, problems);
  }
  checkSockopt(text.sockopt, stream.node["sockopt"], problems);
}

/// The settings of a protocol: a map, or absent with a place.
Node settingsOf(const Node& object, Problems& problems) {
  const Node settings = orAbsent(object["settings"]);
  fields_detail::isObject(settings, problems);
  return settings.isMap() ? settings : Node::absent(settings.place(), settings.path());
}

bool isNotEmpty(const Node& value) {
  return !value.items().empty() || !value.entries().empty();
}

// ---- Inbounds.

void checkSniffing(const SniffingText& sniffing, const Node& node, Problems& problems) {
  if (sniffing.enabled) unsupported(problems, node["enabled"]);
}

InboundConfig makeInbound(const At<InboundText>& read, const std::optional<At<PortText>>& oldPort,
                          Problems& problems) {
  const InboundText& text = read.value;
  InboundConfig inbound;
  inbound.tag = text.tag;
  inbound.protocol = text.protocol;
  inbound.listen = text.listen.addresses;
  inbound.optional = text.optional;
  inbound.source = read.node;
  inbound.place = read.node.place();
  inbound.settings = settingsOf(read.node, problems);
  const bool isUnixSocket = text.listen.isUnixSocket;
  if (text.port) {
    inbound.port = text.port->range;
  } else if (oldPort) {
    inbound.port = oldPort->value.range;
  } else if (!isUnixSocket && !read.node["port"]) {
    error(problems, read.node["port"], "missing-key", "is missing", "the port to listen on");
  }
  checkStream(text.streamSettings, problems);
  checkSniffing(text.sniffing, read.node["sniffing"], problems);
  if (isNotEmpty(text.domainOverride)) unsupported(problems, text.domainOverride);
  const std::string strategy = lowerCase(text.allocate.strategy);
  if (strategy == "random")
    unsupported(problems, read.node["allocate"]["strategy"], "\"random\": ");
  if (strategy != "random" && strategy != "always" && strategy != "external") {
    expected(problems, read.node["allocate"]["strategy"], "bad-form", "always");
  }
  return inbound;
}

// ---- Outbounds.

OutboundConfig makeOutbound(const At<OutboundText>& read, Problems& problems) {
  const OutboundText& text = read.value;
  OutboundConfig outbound;
  outbound.tag = text.tag;
  outbound.protocol = text.protocol;
  outbound.source = read.node;
  outbound.place = read.node.place();
  outbound.settings = settingsOf(read.node, problems);
  if (text.sendThrough && !text.sendThrough->isAny()) outbound.sendThrough = {*text.sendThrough};
  checkStream(text.streamSettings, problems);
  const Node mux = read.node["mux"];
  outbound.muxEnabled = text.mux.enabled && text.mux.concurrency >= 0;
  if (text.mux.concurrency > 0) outbound.muxConcurrency = text.mux.concurrency;
  if (text.mux.concurrency > kMostConcurrency) {
    expected(problems, mux["concurrency"], "bad-form", "at most 1024");
  }
  return outbound;
}

// ---- Routing.

std::string domainStrategy(const Node& node, const std::string& text, Problems& problems) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"asis", "AsIs"},
      {"ipifnonmatch", "IPIfNonMatch"},
      {"ipondemand", "IPOnDemand"},
      {"alwaysip", "AsIs"},
      {"useip", "AsIs"},
  };
  const std::string bare = bareWord(text);
  for (const auto& [word, meaning] : kWords) {
    if (bare == word) return std::string(meaning);
  }
  const std::string near = didYouMean(text, {"AsIs", "IPIfNonMatch", "IPOnDemand"});
  error(problems, node, "bad-form",
        "expected AsIs, IPIfNonMatch or IPOnDemand, got " + found(node) + near);
  return "AsIs";
}

/// `domain` and `domains` are one condition.
Node together(const Node& a, const Node& b) {
  if (!a || !b) return a ? a : b;
  std::vector<Node> items;
  for (const Node& list : {a, b}) {
    if (list.isList()) {
      items.insert(items.end(), list.items().begin(), list.items().end());
    } else {
      items.push_back(list);
    }
  }
  return Node::list(std::move(items), a.place()).withPath(a.path());
}

void checkTarget(const RuleConfig& rule, Problems& problems) {
  const Node& tag = rule.outboundTag;
  if (tag && !tag.isString()) return expected(problems, tag, "bad-type", "the tag of an outbound");
  if (tag.isString() && !tag.text().empty()) return;
  if (rule.balancerTag) return unsupported(problems, rule.balancerTag, "balancers: ");
  error(problems, rule.object["outboundTag"], "missing-key", "is missing",
        "the tag of the outbound or portal that takes what the rule matches");
}

RuleConfig makeRule(const At<RuleText>& read, Problems& problems) {
  const RuleText& text = read.value;
  RuleConfig rule;
  rule.domain = together(text.domain, text.domains);
  rule.ip = text.ip;
  rule.port = text.port;
  rule.network = text.network;
  rule.source = text.source ? text.source : text.sourceIp;
  rule.sourcePort = text.sourcePort;
  rule.user = text.user;
  rule.inboundTag = text.inboundTag;
  rule.protocol = text.protocol;
  rule.attrs = text.attrs;
  rule.outboundTag = text.outboundTag;
  rule.balancerTag = text.balancerTag;
  rule.object = read.node;
  rule.place = read.node.place();

  const Node type = read.node["type"];
  if (text.type.empty() && read.node.dialect() == Dialect::Json) {
    error(problems, type, "missing-key", "is missing",
          "V2Ray wants \"type\": \"field\" in every rule");
  } else if (!text.type.empty() && !equalsIgnoreCase(text.type, "field")) {
    expected(problems, type, "bad-form", "\"field\"");
  }
  checkTarget(rule, problems);
  const Node* conditions[] = {&rule.domain,   &rule.ip,         &rule.port, &rule.network,
                              &rule.source,   &rule.sourcePort, &rule.user, &rule.inboundTag,
                              &rule.protocol, &rule.attrs};
  const bool hasCondition =
      std::any_of(std::begin(conditions), std::end(conditions),
                  [](const Node* condition) { return static_cast<bool>(*condition); });
  if (!hasCondition) {
    error(problems, read.node, "missing-key", "a rule needs at least one condition",
          "for everything: \"network\": \"tcp,udp\"");
  }
  return rule;
}

void readRouting(const At<RoutingText>& read, Model& model, Problems& problems) {
  const RoutingText& text = read.value;
  const RoutingText::Old& old = text.settings.value;
  const bool isInOld = text.domainStrategy.empty() && !old.domainStrategy.empty();
  const std::string& strategy = isInOld ? old.domainStrategy : text.domainStrategy;
  if (!strategy.empty()) {
    const Node node = (isInOld ? text.settings.node : read.node)["domainStrategy"];
    model.domainStrategy = domainStrategy(node, strategy, problems);
    model.domainStrategyPlace = node.place();
  }
  if (isNotEmpty(text.balancers)) unsupported(problems, text.balancers);
  for (const auto* rules : {&text.rules, &old.rules}) {
    for (const At<RuleText>& rule : *rules) model.rules.push_back(makeRule(rule, problems));
  }
}

// ---- Reverse.

void readReverse(const std::vector<At<ReverseText>>& from, std::vector<ReverseEntry>& to,
                 Problems& problems) {
  for (const At<ReverseText>& read : from) {
    ReverseEntry entry;
    entry.tag = read.value.tag;
    entry.domain = read.value.domain;
    entry.object = read.node;
    entry.place = read.node.place();
    for (const char* key : {"tag", "domain"}) {
      const Node value = read.node[key];
      if (value.isString() && value.text().empty()) error(problems, value, "empty", "is empty");
    }
    const Node domain = read.node["domain"];
    if (!entry.domain.empty() && !isHostName(entry.domain)) {
      expected(problems, domain, "bad-form", "a domain such as private.cloud.com");
    }
    to.push_back(std::move(entry));
  }
}

// ---- log, policy.

void readLog(const At<LogText>& read, Model& model, Problems& problems) {
  if (!read.node.isMap()) return;
  const LogText& text = read.value;
  const std::string level = lowerCase(text.loglevel);
  constexpr std::pair<std::string_view, LogLevel> kLevels[] = {{"debug", LogLevel::Debug},
                                                               {"info", LogLevel::Info},
                                                               {"warning", LogLevel::Warning},
                                                               {"error", LogLevel::Error},
                                                               {"none", LogLevel::None}};
  const auto* known = std::find_if(std::begin(kLevels), std::end(kLevels),
                                   [&level](const auto& word) { return word.first == level; });
  if (known != std::end(kLevels)) {
    model.log.level = known->second;
  } else if (!level.empty()) {
    const std::string near = didYouMean(level, {"debug", "info", "warning", "error", "none"});
    error(
        problems, read.node["loglevel"], "bad-form",
        "expected debug, info, warning, error or none, got " + found(read.node["loglevel"]) + near);
  }
  if (text.error == "none") {
    model.log.level = LogLevel::None;
  } else {
    model.log.file = text.error;
  }
  model.log.access = text.access.empty() ? "stdout" : text.access;
  model.log.json = text.format == LogFormat::Json;
  model.log.addresses = text.addresses;
}

void readLevels(const Node& levels, Model& model, Problems& problems) {
  for (const Node::Entry& entry : levels.entries()) {
    const auto number = parseWhole(entry.key);
    if (!number || !number->isWithin(0, std::numeric_limits<std::uint32_t>::max())) {
      problems.error(entry.keyPlace, entry.value.path(), "bad-form",
                     "expected the number of a level, got \"" + entry.key + "\"");
      continue;
    }
    if (entry.value.kind() == Node::Kind::Null && entry.value.dialect() == Dialect::Json) continue;
    LevelText level;
    if (!read(entry.value, level, problems)) continue;
    if (number->magnitude != 0) {
      problems.warning(entry.keyPlace, entry.value.path(), "unsupported",
                       "levels other than 0: not in this version, has no effect");
      continue;
    }
    model.policy.handshake = level.handshake;
    model.policy.connIdle = level.connIdle;
    model.policy.uplinkOnly = level.uplinkOnly;
    model.policy.downlinkOnly = level.downlinkOnly;
  }
}

// ---- Files that are not V2Ray 4's.

bool isOfAnotherKind(const Node& root, Problems& problems) {
  const auto refuse = [&](const Node& node, std::string message, std::string hint) {
    error(problems, node, "unsupported", std::move(message), std::move(hint));
    return true;
  };
  const std::string v5 = "V2Ray v5 JSON is not supported; convert to v4";
  for (const char* key : {"router", "services"}) {
    if (root[key].isMap()) return refuse(root[key], v5, "");
  }
  if (root["log"]["access"].isMap()) return refuse(root["log"]["access"], v5, "");
  if (root["log"]["error"].isMap()) return refuse(root["log"]["error"], v5, "");
  for (const char* list : {"inbounds", "outbounds"}) {
    for (const Node& object : root[list].items()) {
      const Node transport = object["streamSettings"]["transport"];
      if (transport.isString()) return refuse(transport, v5, "");
    }
  }
  if (root["env"].isMap()) {
    return refuse(root["env"], "\"env\" is Xray's and not supported", "set the variables outside");
  }
  return false;
}

// ---- The root.

/// Before 4: `inbound` and `inboundDetour` come before `inbounds`.
template <class T>
std::vector<At<T>> inOrder(const RootText& root, const std::optional<At<T>>& old,
                           const std::vector<At<T>>& detour, const std::vector<At<T>>& now) {
  std::vector<At<T>> all;
  if (root.isAdvanced) return now;
  if (old) all.push_back(*old);
  all.insert(all.end(), detour.begin(), detour.end());
  all.insert(all.end(), now.begin(), now.end());
  return all;
}

void reportLater(const RootText& text, Problems& problems) {
  for (const Node& section : {text.dns, text.transport}) {
    if (isNotEmpty(section)) unsupported(problems, section);
  }
  for (const Node& section : {text.api, text.stats, text.observatory}) {
    if (!section) continue;
    // An empty one asks for nothing but counters.
    warning(problems, section, "unsupported", "not in this version, has no effect");
  }
}

void readCompat(const CompatText& compat, Model& model) {
  model.portalAsDefault = compat.portalAsDefault;
  model.idMapping = compat.idMapping;
}

}  // namespace

void readV2Ray(const Node& asWritten, Model& model, Problems& problems) {
  const bool isYaml = asWritten.dialect() == Dialect::Yaml;
  if (isOfAnotherKind(asWritten, problems)) return;
  const Node root = isYaml ? resolveReferences(asWritten, problems) : asWritten;
  RootText text;
  text.isAdvanced = isYaml;
  read(root, text, problems);
  reportLater(text, problems);
  readLog(text.log, model, problems);
  readLevels(text.policy.levels, model, problems);
  const auto inbounds = inOrder(text, text.inbound, text.inboundDetour, text.inbounds);
  for (std::size_t i = 0; i < inbounds.size(); ++i) {
    model.inbounds.push_back(
        makeInbound(inbounds[i], i == 0 ? text.port : std::optional<At<PortText>>(), problems));
  }
  for (const auto& outbound : inOrder(text, text.outbound, text.outboundDetour, text.outbounds)) {
    model.outbounds.push_back(makeOutbound(outbound, problems));
  }
  readRouting(text.routing, model, problems);
  readReverse(text.reverse.bridges, model.bridges, problems);
  readReverse(text.reverse.portals, model.portals, problems);
  if (text.threads) model.threads = text.threads->count;
  readCompat(text.compat, model);
}

std::vector<FieldInfo> describeV2Ray() {
  return describe<RootText>();
}

std::vector<std::string> stringList(const Node& node) {
  std::vector<std::string> texts;
  const auto add = [&texts](const Node& item) {
    if (!item.isString()) return;
    for (const std::string_view part : split(item.text(), ',')) {
      if (!part.empty()) texts.emplace_back(part);
    }
  };
  if (node.isList()) {
    for (const Node& item : node.items()) {
      if (item.isString() && !item.text().empty()) texts.push_back(item.text());
    }
  } else {
    add(node);
  }
  return texts;
}

}  // namespace culvert::config

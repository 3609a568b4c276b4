#include "config/FriendlyText.h"

#include "config/Grammar.h"
#include "config/ModelJson.h"
#include "config/NodeWriters.h"
#include "config/Scalars.h"
#include "config/Simple.h"
#include "config/SimpleTags.h"
#include "config/Text.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace culvert::config {
namespace {

// ---- Text.

/// Lines of YAML, two blanks deeper for each open section.
class Lines {
 public:
  void open(const std::string& key) {
    line(key + ":");
    ++depth_;
  }
  void close() { --depth_; }
  void entry(const std::string& key, const std::string& value) { line(key + ": " + value); }
  void text(const std::string& key, const std::string& value) {
    entry(key, yamlScalar(Node::string(value)));
  }
  /// A value, or a list where there are several.
  void texts(const std::string& key, const std::vector<std::string>& values) {
    if (values.size() == 1) return entry(key, values.front());
    open(key);
    for (const std::string& value : values) line("- " + value);
    close();
  }
  /// The next line begins a list item, those behind it belong to it.
  void item() {
    dash_ = true;
    ++depth_;
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void line(const std::string& content) {
    const std::string indent(2 * (depth_ - (dash_ ? 1 : 0)), ' ');
    text_ += indent + (std::exchange(dash_, false) ? "- " : "") + content + "\n";
  }
  std::string text_;
  std::size_t depth_ = 0;
  bool dash_ = false;
};

std::string plainNumber(std::string text) {
  return yamlScalar(Node::number(std::move(text)));
}

/// {file: nas1.id}, in one line.
std::string referenceText(const Node& reference) {
  const Node::Entry& entry = reference.entries().front();
  return "{" + entry.key + ": " + yamlScalar(entry.value) + "}";
}

// ---- Finding the parts.

const InboundConfig* findInbound(const Model& model, std::string_view tag) {
  for (const InboundConfig& inbound : model.inbounds) {
    if (inbound.tag == tag) return &inbound;
  }
  return nullptr;
}
const OutboundConfig* findOutbound(const Model& model, std::string_view tag) {
  for (const OutboundConfig& outbound : model.outbounds) {
    if (outbound.tag == tag) return &outbound;
  }
  return nullptr;
}

/// "nas1" of "portal-nas1", "" of "portal"; nothing for another word.
std::optional<std::string> nameBehind(std::string_view word, std::string_view tag) {
  if (!tag.starts_with(word)) return std::nullopt;
  tag.remove_prefix(word.size());
  if (tag.empty()) return std::string();
  if (!tag.starts_with('-') || tag.size() < 2) return std::nullopt;
  return std::string(tag.substr(1));
}

std::string defaultDomain(const std::string& name) {
  return domainOf({}, name);
}

class Writer {
 public:
  Writer(const Model& model, Secrets secrets) : model_(model), secrets_(secrets) {}

  std::optional<std::string> run() {
    lines_.entry("version", std::to_string(kSimpleVersion));
    if (model_.bridges.empty() && model_.portals.empty()) return std::nullopt;
    if (!model_.bridges.empty() && !bridge()) return std::nullopt;
    if (!model_.portals.empty() && !portal()) return std::nullopt;
    const std::string log = friendlyLog(model_.log);
    std::string text = lines_.take() + log;
    timeouts();
    if (model_.threads > 0) lines_.entry("threads", std::to_string(model_.threads));
    return text + lines_.take();
  }

 private:
  bool keeps(const Node& node) const { return secrets_ == Secrets::Keep && node.reference(); }
  std::string secret(const Node& node) const {
    return keeps(node) ? referenceText(node.reference()) : yamlScalar(Node::string(node.text()));
  }

  void user(const Node& account, const std::string& domain, const std::string& name) {
    lines_.entry("id", secret(account["id"]));
    alterIdAndDomain(account, domain, name);
  }
  void alterIdAndDomain(const Node& account, const std::string& domain, const std::string& name) {
    const Node alterId = account["alterId"];
    if (alterId && alterId.text() != "0") lines_.entry("alter_id", plainNumber(alterId.text()));
    if (domain != defaultDomain(name)) lines_.text("domain", domain);
  }

  // ---- bridge

  bool bridge() {
    const auto name = nameBehind("bridge", model_.bridges.front().tag);
    if (!name) return false;
    std::vector<std::string> servers;
    Node account;
    for (std::size_t i = 0; i < model_.bridges.size(); ++i) {
      const OutboundConfig* tunnel = findOutbound(model_, "tunnel" + serverSuffix(i));
      if (!tunnel) return false;
      const Node peer = tunnel->settings["vnext"][0], address = peer["address"];
      if (!address || !peer["port"]) return false;
      servers.push_back(keeps(address) ? referenceText(address.reference())
                                       : yamlScalar(Node::string(bracketed(address.text()) + ":" +
                                                                 peer["port"].text())));
      if (i == 0) account = peer["users"][0];
    }
    if (!account["id"]) return false;
    const std::string& domain = model_.bridges.front().domain;
    lines_.open("bridge");
    lines_.texts("server", servers);
    lines_.entry("id", secret(account["id"]));
    if (!services(domain)) return false;
    if (!name->empty()) lines_.text("name", *name);
    alterIdAndDomain(account, domain, *name);
    if (account["legacy"].kind() == Node::Kind::Bool && account["legacy"].boolean())
      lines_.entry("legacy", "true");
    if (findOutbound(model_, "out")) lines_.entry("allow", "any");
    lines_.close();
    return true;
  }

  bool services(const std::string& domain) {
    bool any = false;
    for (const OutboundConfig& outbound : model_.outbounds) {
      if (!outbound.tag.starts_with("svc-")) continue;
      const std::string name = outbound.tag.substr(4);
      const std::string redirect = outbound.settings["redirect"].text();
      const auto rule =
          std::find_if(model_.rules.begin(), model_.rules.end(), [&](const RuleConfig& candidate) {
            return candidate.outboundTag.text() == outbound.tag &&
                   stringList(candidate.domain) ==
                       std::vector<std::string>{"full:" + name + "." + domain};
          });
      const auto colon = redirect.rfind(':');
      if (rule == model_.rules.end() || colon == std::string::npos) return false;
      std::string port = redirect.substr(colon + 1);
      if (port == "0") port = rule->port.text();
      const std::string network = networkWord(rule->network);
      if (!std::exchange(any, true)) lines_.open("services");
      lines_.text(name,
                  (network == "tcp" ? "" : network + "://") + redirect.substr(0, colon + 1) + port);
    }
    if (any) lines_.close();
    return true;
  }

  /// tcp, udp or tcp+udp.
  static std::string networkWord(const Node& network) {
    const auto words = stringList(network);
    const bool udp = std::find(words.begin(), words.end(), "udp") != words.end();
    const bool tcp = words.empty() || std::find(words.begin(), words.end(), "tcp") != words.end();
    return tcp && udp ? "tcp+udp" : udp ? "udp" : "tcp";
  }

  // ---- portal

  struct Member {
    std::string name, domain;
  };

  bool portal() {
    const InboundConfig* tunnel = findInbound(model_, "tunnel");
    if (!tunnel) return false;
    const Node clients = tunnel->settings["clients"];
    std::vector<Member> members;
    for (const ReverseEntry& portal : model_.portals) {
      const auto name = nameBehind("portal", portal.tag);
      if (!name) return false;
      members.push_back({*name, portal.domain});
    }
    if (clients.items().size() != members.size()) return false;
    const bool several = !members.front().name.empty();
    lines_.open("portal");
    lines_.entry("listen", listen(*tunnel, tunnel->port.to, "tcp"));
    if (several) {
      lines_.open("bridges");
      for (std::size_t i = 0; i < members.size(); ++i) {
        lines_.open(members[i].name);
        user(clients[i], members[i].domain, members[i].name);
        lines_.close();
      }
      lines_.close();
    } else {
      user(clients[0], members.front().domain, {});
    }
    lines_.open("publish");
    for (const RuleConfig& rule : model_.rules) {
      const auto name = nameBehind("portal", rule.outboundTag.text());
      const auto tags = stringList(rule.inboundTag);
      if (!name || tags.empty() || tags.front() == "tunnel") continue;
      if (!entry(rule, tags, *name, members)) return false;
    }
    lines_.close();
    lines_.close();
    return true;
  }

  std::string listen(const InboundConfig& first, std::uint16_t last,
                     const std::string& network) const {
    const Node port = first.source["port"];
    if (keeps(port)) return referenceText(port.reference());
    std::string text;
    if (!first.listen.empty()) text = bracketed(toString(first.listen.front())) + ":";
    text += std::to_string(first.port.from);
    if (last != first.port.from) text += "-" + std::to_string(last);
    if (network != "tcp") text += "/" + network;
    return text.starts_with('[') ? yamlScalar(Node::string(text)) : text;
  }

  bool entry(const RuleConfig& rule, const std::vector<std::string>& tags,
             const std::string& portalName, const std::vector<Member>& members) {
    const InboundConfig* first = findInbound(model_, tags.front());
    const InboundConfig* last = findInbound(model_, tags.back());
    const auto member = std::find_if(members.begin(), members.end(), [&](const Member& candidate) {
      return candidate.name == portalName;
    });
    if (!first || !last || member == members.end()) return false;
    const Node address = first->settings["address"], port = first->settings["port"];
    if (!address || !port) return false;
    const std::string network = networkWord(first->settings["network"]);
    lines_.item();
    lines_.entry("listen", listen(*first, last->port.to, network));

    const std::string prefix = members.size() > 1 ? member->name + "/" : "";
    const std::string ending = "." + member->domain;
    const std::string& service = address.text();
    const bool isService =
        service.ends_with(ending) &&
        std::holds_alternative<Name>(Name::read(service.substr(0, service.size() - ending.size())));
    if (isService) {
      lines_.text("to", prefix + service.substr(0, service.size() - ending.size()));
      if (port.text() != std::to_string(first->port.from))
        lines_.entry("to_port", plainNumber(port.text()));
    } else {
      std::string ports = port.text();
      if (const std::string end = last->settings["port"].text(); end != ports) ports += "-" + end;
      lines_.text("to", prefix + bracketed(address.text()) + ":" + ports);
    }
    if (const std::string name = nameOf(tags, *first); !name.empty()) lines_.text("name", name);
    if (rule.source) allowFrom(rule.source);
    if (const Node idle = first->settings["timeout"]) {
      const auto seconds = parseWhole(idle.text());
      if (!seconds) return false;
      lines_.entry("idle", toString(Seconds{std::chrono::seconds(seconds->magnitude)}));
    }
    if (first->optional) lines_.entry("optional", "true");
    lines_.close();
    return true;
  }

  void allowFrom(const Node& source) {
    std::vector<std::string> blocks;
    for (const std::string& block : stringList(source))
      blocks.push_back(yamlScalar(Node::string(block)));
    lines_.texts("allow_from", blocks);
  }

  /// The name in external-NAME, external-NAME-6000, external-NAME-udp; "" when the tag is made of
  /// the port.
  static std::string nameOf(const std::vector<std::string>& tags, const InboundConfig& first) {
    const auto behind = nameBehind("external", tags.front());
    std::string name = behind ? *behind : tags.front();
    if (networkWord(first.settings["network"]) == "udp" && name.ends_with("-udp"))
      name.resize(name.size() - 4);
    const std::string port = std::to_string(first.port.from);
    if (name == port || name == "udp") return {};
    if (tags.size() > 1 && name.ends_with("-" + port)) name.resize(name.size() - port.size() - 1);
    return name;
  }

  // ---- the rest

  void timeouts() {
    const Policy& policy = model_.policy;
    if (!policy.handshake && !policy.connIdle && !policy.uplinkOnly && !udpIdle()) return;
    const auto entry = [this](const char* key, const std::optional<std::chrono::seconds>& value) {
      if (value) lines_.entry(key, toString(Seconds{*value}));
    };
    lines_.open("timeouts");
    entry("handshake", policy.handshake);
    entry("idle", policy.connIdle);
    entry("udp_idle", udpIdle());
    entry("half_close", policy.uplinkOnly);
    lines_.close();
  }
  [[nodiscard]] std::optional<std::chrono::seconds> udpIdle() const {
    if (model_.policy.udpIdle) return model_.policy.udpIdle;
    for (const InboundConfig& inbound : model_.inbounds) {
      if (const auto seconds = parseWhole(inbound.settings["udpIdle"].text()))
        return std::chrono::seconds(seconds->magnitude);
    }
    return std::nullopt;
  }

  const Model& model_;
  Secrets secrets_;
  Lines lines_;
};

}  // namespace

std::optional<std::string> friendlyText(const Model& model, Secrets secrets) {
  return Writer(model, secrets).run();
}

std::string friendlyLog(const LogConfig& log) {
  const bool hasAccess = !log.access.empty() && log.access != "none";
  Lines lines;
  lines.open("log");
  if (log.level != LogLevel::Info)
    lines.text("level", std::string(kSimpleLevels[static_cast<std::size_t>(log.level)].text));
  if (!log.file.empty()) lines.text("file", log.file);
  if (hasAccess) lines.text("access", log.access);
  if (log.json) lines.text("format", "json");
  if (log.addresses != LogConfig::Addresses::Full)
    lines.text("addresses",
               std::string(kLogAddresses[static_cast<std::size_t>(log.addresses)].text));
  std::string text = lines.take();
  return text == "log:\n" ? std::string() : text;
}

}  // namespace culvert::config

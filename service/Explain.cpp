#include "service/Explain.h"

#include "app/RuleView.h"
#include "base/Log.h"

#include <charconv>

namespace culvert::service {
namespace {

using config::InboundConfig;
using config::Model;

std::string placeOf(const config::Place& place) {
  if (!place.source || place.line == 0) return "";
  return " (" + place.source->name + ":" + std::to_string(place.line) + ")";
}

/// "host", "host:port", "[IPv6]:port" as a target; port 80 when none is given.
Destination targetOf(const std::string& text) {
  Destination target{Network::Tcp, parseHost(text), 80};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || !target.isDomain()) return target;
  std::uint16_t port = 0;
  const auto [end, failed] =
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size()) return target;
  target.host = parseHost(std::string_view(text).substr(0, colon));
  target.port = port;
  return target;
}

class Explainer {
 public:
  explicit Explainer(const app::Instance& instance)
      : model_(instance.model()), plan_(instance.plan()) {}

  std::vector<std::string> onPort(unsigned port, const std::optional<std::string>& host) {
    for (const InboundConfig& inbound : model_.inbounds) {
      if (port < inbound.port.from || port > inbound.port.to) continue;
      say("port " + std::to_string(port) + ": inbound \"" + inbound.tag + "\", " +
          inbound.protocol + placeOf(inbound.place));
      std::optional<Destination> target = fixedTarget(inbound);
      if (!target && host) target = targetOf(*host);
      if (!target) {
        say("  its clients say where they want to go; give a host to see what becomes of it");
        continue;
      }
      for (const Network network : networksOf(inbound)) {
        target->network = network;
        follow(inbound.tag, inbound.protocol, *target, false);
      }
    }
    if (lines_.empty()) say("no inbound listens on port " + std::to_string(port));
    return std::move(lines_);
  }

  std::vector<std::string> toHost(const std::string& host) {
    for (const config::ReverseEntry& bridge : model_.bridges) {
      say("bridge \"" + bridge.tag + "\"" + placeOf(bridge.place) + ", asked by its portal:");
      Destination target = targetOf(host);
      if (target.isDomain() && host.find_first_of(".:") == std::string::npos) {
        target = serviceTarget(bridge, host).value_or(target);
      }
      follow(bridge.tag, "bridge", target, false);
    }
    for (const InboundConfig& inbound : model_.inbounds) {
      if (fixedTarget(inbound)) continue;
      say("inbound \"" + inbound.tag + "\"" + placeOf(inbound.place) + ", asked by a client:");
      follow(inbound.tag, inbound.protocol, targetOf(host), true);
    }
    if (lines_.empty()) say("nobody can choose a target here: all inbounds have a fixed one");
    return std::move(lines_);
  }

 private:
  void say(std::string line) { lines_.push_back(std::move(line)); }

  static std::optional<Destination> fixedTarget(const InboundConfig& inbound) {
    const config::Node address = inbound.settings["address"];
    if (!address.isString()) return std::nullopt;
    Destination target{Network::Tcp, parseHost(address.text()), 0};
    const std::string& port = inbound.settings["port"].text();
    std::from_chars(port.data(), port.data() + port.size(), target.port);
    return target;
  }

  static std::vector<Network> networksOf(const InboundConfig& inbound) {
    std::vector<Network> networks;
    for (const std::string& word : config::stringList(inbound.settings["network"])) {
      networks.push_back(normalizedDomain(word) == "udp" ? Network::Udp : Network::Tcp);
    }
    if (networks.empty()) networks.push_back(Network::Tcp);
    return networks;
  }

  /// What a portal asks for when it means the service `name`.
  std::optional<Destination> serviceTarget(const config::ReverseEntry& bridge,
                                           const std::string& name) const {
    const std::string full = name + "." + normalizedDomain(bridge.domain);
    for (const config::RuleConfig& rule : model_.rules) {
      if (app::fullDomainOf(rule) != full || !app::concerns(rule, bridge.tag)) continue;
      const std::string& ports = rule.port.text();
      std::uint16_t port = 80;
      std::from_chars(ports.data(), ports.data() + ports.size(), port);
      const std::vector<std::string> networks = config::stringList(rule.network);
      const bool udp = networks.size() == 1 && networks.front() == "udp";
      return Destination{udp ? Network::Udp : Network::Tcp, full, port};
    }
    return std::nullopt;
  }

  void follow(const std::string& tag, const std::string& protocol, const Destination& target,
              bool client) {
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = tag;
    info->protocol = protocol;
    proxy::Session session;
    session.inbound = info;
    session.target = target;
    say("  wants " + toString(target));

    const routing::Verdict verdict = plan_.router.judge(session);
    if (verdict.kind == routing::Verdict::Kind::NeedsAddresses) {
      return say("  that depends on the addresses of " + toString(target.host) +
                 ", which are looked up for each flow");
    }
    const app::Plan::Target* next = plan_.fallback;
    if (verdict.kind == routing::Verdict::Kind::Rule) {
      const routing::Rule& rule = plan_.router.rule(verdict.rule);
      say("  rule " + std::to_string(verdict.rule) + placeOf(rule.place()) + ": outbound \"" +
          rule.outboundTag() + "\"");
      next = plan_.find(rule.outboundTag());
    } else if (plan_.tunnelTags.contains(tag) && !(next && !next->portalDomain.empty())) {
      return say("  no rule: closed, as bridges register on this inbound and may do nothing else");
    } else {
      say(next ? "  no rule: the default, outbound \"" + next->tag + "\""
               : "  no rule and no outbound: closed");
    }
    if (!client) noteSources(tag, target, verdict.rule);
    if (next) describe(*next, target);
  }

  /// Rules in front of the one that decided may look at the source, which is not known here.
  void noteSources(const std::string& tag, const Destination& target, int decided) {
    for (std::size_t i = 0; i < model_.rules.size(); ++i) {
      const config::RuleConfig& rule = model_.rules[i];
      if (decided >= 0 && static_cast<int>(i) >= decided) break;
      if (rule.source && app::concerns(rule, tag)) {
        say("  but rule " + std::to_string(i) + placeOf(rule.place) +
            " comes first for some sources: outbound \"" + rule.outboundTag.text() + "\"");
        if (const app::Plan::Target* next = plan_.find(rule.outboundTag.text()))
          describe(*next, target);
      }
    }
  }

  void describe(const app::Plan::Target& outbound, const Destination& target) {
    if (!outbound.portalDomain.empty()) {
      std::string line =
          "  portal \"" + outbound.tag + "\": to a bridge of " + outbound.portalDomain;
      if (target.isDomain()) {
        if (const auto service =
                app::labelBelow(normalizedDomain(target.domain()), outbound.portalDomain)) {
          line += ", service \"" + *service + "\"";
        }
      }
      return say(std::move(line));
    }
    if (outbound.closes) return say("  closed");
    std::string reach;
    for (const std::string& line : outbound.outbound->reach())
      reach += (reach.empty() ? "" : ", ") + line;
    if (!reach.empty()) say("  outbound \"" + outbound.tag + "\" reaches: " + reach);
  }

  const Model& model_;
  const app::Plan& plan_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> explain(const app::Instance& instance,
                                 const std::optional<std::string>& port,
                                 const std::optional<std::string>& host) {
  Explainer explainer(instance);
  if (port) return explainer.onPort(static_cast<unsigned>(std::stoul(*port)), host);
  return explainer.toHost(host.value_or(""));
}

}  // namespace culvert::service

#include "app/ReachTable.h"

#include "app/RuleView.h"

#include <algorithm>
#include <utility>

namespace culvert::app {
namespace {

using config::Model;
using config::OutboundConfig;
using config::RuleConfig;

const OutboundConfig* outboundNamed(const Model& model, const std::string& tag) {
  for (const OutboundConfig& each : model.outbounds) {
    if (each.tag == tag) return &each;
  }
  return nullptr;
}

bool isProtocol(const OutboundConfig& outbound, std::initializer_list<std::string_view> names) {
  const std::string protocol = normalizedDomain(outbound.protocol);
  return std::find(names.begin(), names.end(), protocol) != names.end();
}

/// A freedom outbound that dials whatever it is asked for.
bool isOpen(const OutboundConfig& outbound) {
  if (!isProtocol(outbound, {"freedom", "direct"})) return false;
  const config::Node& settings = outbound.settings;
  if (settings["reach"]) return false;
  const std::string& redirect = settings["redirect"].text();
  return redirect.empty() || redirect.starts_with(':') || redirect.starts_with("0.0.0.0:");
}

}  // namespace

std::vector<std::string> reachTable(const Model& model, const Plan& plan) {
  std::vector<std::string> table;
  for (const config::ReverseEntry& bridge : model.bridges) {
    const std::string domain = normalizedDomain(bridge.domain);
    std::vector<std::string> lines;
    const auto add = [&](std::string line) {
      if (std::find(lines.begin(), lines.end(), line) == lines.end())
        lines.push_back(std::move(line));
    };
    const auto addTarget = [&](const Plan::Target& target, const RuleConfig* rule) {
      if (target.closes) return;
      const OutboundConfig* written = outboundNamed(model, target.tag);
      if (!written || !isProtocol(*written, {"freedom", "direct"})) {
        return add("whatever outbound \"" + target.tag + "\" reaches");
      }
      const std::string networks = [&] {
        const std::vector<std::string> words =
            rule ? config::stringList(rule->network) : std::vector<std::string>();
        if (words.size() != 1) return std::string("tcp+udp");
        return normalizedDomain(words.front());
      }();
      const std::string ports = rule ? rule->port.text() : "";
      std::string host = written->settings["redirect"].text();
      if (!host.empty() && !isOpen(*written) && !written->settings["reach"]) {
        if (host.ends_with(":0"))
          host = host.substr(0, host.size() - 1) + (ports.empty() ? "any port" : ports);
        return add(networks + " " + host);
      }
      if (rule && rule->ip && !ports.empty()) {
        for (const std::string& ip : config::stringList(rule->ip)) {
          add(networks + " " + (ip.find(':') == std::string::npos ? ip : "[" + ip + "]") + ":" +
              ports);
        }
        return;
      }
      for (std::string& line : target.outbound->reach()) {
        add(line == "any address" && !ports.empty() ? "any address, port " + ports : line);
      }
    };

    bool decided = false;
    for (const RuleConfig& rule : model.rules) {
      if (decided || !concerns(rule, bridge.tag) || fullDomainOf(rule) == domain) continue;
      if (const Plan::Target* target = plan.find(rule.outboundTag.text()))
        addTarget(*target, &rule);
      decided = isUnconditional(rule);
    }
    if (!decided && plan.fallback) addTarget(*plan.fallback, nullptr);

    std::string line = "bridge \"" + bridge.tag + "\": the portal can reach: ";
    if (lines.empty()) {
      line += "nothing.";
    } else if (std::find(lines.begin(), lines.end(), "any address") != lines.end()) {
      line += "any address that this machine reaches.";
    } else {
      for (std::size_t i = 0; i < lines.size(); ++i) line += (i == 0 ? "" : ", ") + lines[i];
      line += ". Nothing else.";
    }
    table.push_back(std::move(line));
  }
  return table;
}

}  // namespace culvert::app

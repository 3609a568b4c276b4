// How an instance is built: everything here reports and nothing binds, dials or starts a timer.
#include "app/Instance.h"
#include "app/MuxOutbound.h"
#include "app/Reverse.h"
#include "app/RuleView.h"
#include "base/Bytes.h"
#include "base/Log.h"
#include "base/Secret.h"
#include "config/Secrets.h"
#include "config/Suggest.h"
#include "crypto/Digest.h"

#include <algorithm>
#include <set>
#include <utility>

namespace culvert::app {
namespace {

proxy::Timeouts timeoutsOf(const config::Model& model) {
  const config::Policy& policy = model.policy;
  const bool yaml = model.dialect == config::Dialect::Yaml;
  proxy::Timeouts timeouts;
  timeouts.idle = policy.connIdle.value_or(std::chrono::seconds(yaml ? 7200 : 300));
  if (policy.uplinkOnly || policy.downlinkOnly) {
    timeouts.halfClosed = std::max(policy.uplinkOnly.value_or(std::chrono::seconds(0)),
                                   policy.downlinkOnly.value_or(std::chrono::seconds(0)));
  }
  if (policy.udpIdle) {
    timeouts.udpIdleAnswered = *policy.udpIdle;
    timeouts.udpIdle = std::min(timeouts.udpIdle, timeouts.udpIdleAnswered);
  }
  return timeouts;
}

/// What tells one installation from another: a digest of its users' ids (AUTH-3).
std::string installationKey(const config::Model& model) {
  std::string ids;
  config::Problems ignored;  // reported where the ids are used
  for (const config::InboundConfig& inbound : model.inbounds) {
    for (const config::Node& client : inbound.settings["clients"].items()) {
      ids += config::resolveReference(client["id"], ignored).text() + "\n";
    }
  }
  if (ids.empty()) return {};
  const Bytes pieces[] = {asBytes("culvert: which installation"), asBytes(ids)};
  const crypto::Sha256Digest digest = crypto::sha256(pieces);
  wipe({reinterpret_cast<std::uint8_t*>(ids.data()), ids.size()});
  return std::string(asText(digest));
}

bool sameWord(const std::string& a, const std::string& b) {
  return normalizedDomain(a) == normalizedDomain(b);
}

bool sameInbound(const InboundUnit& unit, const config::InboundConfig& config,
                 const Surroundings& around) {
  return unit.config.tag == config.tag && sameWord(unit.config.protocol, config.protocol) &&
         unit.config.listen == config.listen && unit.config.port == config.port &&
         unit.config.optional == config.optional && unit.config.settings.sameAs(config.settings) &&
         unit.surroundings.timeouts == around.timeouts &&
         unit.surroundings.lenient == around.lenient &&
         (!unit.info->authenticates ||
          (unit.surroundings.key == around.key && unit.surroundings.handshake == around.handshake));
}

bool sameOutbound(const OutboundUnit& unit, const config::OutboundConfig& config,
                  const Surroundings& around) {
  return unit.config.tag == config.tag && sameWord(unit.config.protocol, config.protocol) &&
         unit.config.sendThrough == config.sendThrough &&
         unit.config.muxEnabled == config.muxEnabled &&
         unit.config.muxConcurrency == config.muxConcurrency &&
         unit.config.settings.sameAs(config.settings) &&
         unit.surroundings.lenient == around.lenient;
}

bool sameReverse(const config::ReverseEntry& a, const config::ReverseEntry& b) {
  return a.tag == b.tag && a.domain == b.domain;
}

/// Inbounds on which bridges register: those that a rule to a portal names and that authenticate.
std::set<std::string, std::less<>> tunnelInbounds(const config::Model& model,
                                                  const Units<InboundUnit>& inbounds) {
  std::set<std::string, std::less<>> portals, tags;
  for (const config::ReverseEntry& portal : model.portals) portals.insert(portal.tag);
  for (const config::RuleConfig& rule : model.rules) {
    if (!rule.inboundTag || !portals.contains(rule.outboundTag.text())) continue;
    for (const auto& unit : inbounds) {
      if (unit->info->authenticates && concerns(rule, unit->config.tag))
        tags.insert(unit->info->tag);
    }
  }
  return tags;
}

std::string pathOf(const char* list, std::size_t index, const std::string& name) {
  return std::string(list) + "[" + std::to_string(index) + "]" +
         (name.empty() ? "" : " (" + name + ")");
}

void reportProtocol(const std::string& protocol, const std::vector<std::string>& known,
                    const config::Place& place, const std::string& path,
                    config::Problems& problems) {
  static const std::set<std::string> later{"shadowsocks", "socks", "http", "vhost",   "trojan",
                                           "vless",       "mixed", "dns",  "mtproto", "loopback"};
  if (later.contains(normalizedDomain(protocol))) {
    problems.error(place, path + ".protocol", "unsupported",
                   inQuotes(protocol) + ": not in this version");
    return;
  }
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  problems.error(place, path + ".protocol", "bad-form",
                 "expected one of " + names + ", got " + inQuotes(protocol) +
                     config::didYouMean(protocol, known));
}

}  // namespace

Instance::Instance(config::Model model, Core& core, config::Problems& problems,
                   Instance* predecessor)
    : model_(std::move(model)), core_(core), predecessor_(predecessor) {
  proxy::addAllProtocols(registry_);
  surroundings_.timeouts = timeoutsOf(model_);
  surroundings_.handshake = model_.policy.handshake.value_or(std::chrono::seconds(0));
  surroundings_.key = installationKey(model_);
  surroundings_.lenient = model_.dialect == config::Dialect::Json;
  buildOutbounds(problems);
  buildPortals();
  buildInbounds(problems);
  buildBridges();
  buildPlan(problems);
}

Instance::~Instance() = default;

proxy::Context Instance::contextFor(const std::string& tag, config::Problems& problems) {
  return {.sockets = core_.environment.sockets,
          .dispatcher = core_.dispatcher,
          .mux = core_.dispatcher,
          .problems = problems,
          .inbound = nullptr,
          .tag = tag,
          .key = surroundings_.key,
          .stateDirectory = core_.environment.stateDirectory,
          .lenient = surroundings_.lenient,
          .handshake = surroundings_.handshake,
          .sendThrough = {},
          .isOwnListener = [&own = core_.own](Network network, const Endpoint& address) {
            return own.contains(network, address);
          }};
}

void Instance::buildOutbounds(config::Problems& problems) {
  for (std::size_t i = 0; i < model_.outbounds.size(); ++i) {
    const config::OutboundConfig& config = model_.outbounds[i];
    if (predecessor_) {
      if (auto same = find(predecessor_->outbounds_, [&](const auto& unit) {
            return sameOutbound(unit, config, surroundings_);
          })) {
        outbounds_.push_back(std::move(same));
        continue;
      }
    }
    const std::string path = pathOf("outbounds", i, config.tag);
    const proxy::OutboundFactory* make = registry_.findOutbound(config.protocol);
    if (!make) {
      reportProtocol(config.protocol, registry_.outbounds(), config.place, path, problems);
      continue;
    }
    proxy::Context context = contextFor(config.tag, problems);
    context.sendThrough = config.sendThrough;
    std::shared_ptr<proxy::Outbound> outbound = (*make)(config.settings, context);
    if (!outbound) continue;
    if (config.muxEnabled && config.muxConcurrency > 0) {
      if (sameWord(config.protocol, "vmess")) {
        outbound = std::make_shared<MuxOutbound>(
            std::move(outbound), static_cast<std::size_t>(config.muxConcurrency), core_.mux);
      } else {
        problems.warning(config.place, path + ".mux", "no-effect",
                         "mux is for vmess outbounds; it has no effect");
      }
    }
    outbounds_.push_back(
        std::make_shared<OutboundUnit>(OutboundUnit{config, surroundings_, std::move(outbound)}));
  }
}

void Instance::buildPortals() {
  for (const config::ReverseEntry& config : model_.portals) {
    if (predecessor_) {
      if (auto same = find(predecessor_->portals_,
                           [&](const auto& unit) { return sameReverse(unit.config, config); })) {
        portals_.push_back(std::move(same));
        continue;
      }
    }
    portals_.push_back(makePortal(core_, config));
  }
}

void Instance::buildInbounds(config::Problems& problems) {
  for (const config::InboundConfig& config : model_.inbounds) {
    if (predecessor_) {
      if (auto same = find(predecessor_->inbounds_, [&](const auto& unit) {
            return sameInbound(unit, config, surroundings_);
          })) {
        inbounds_.push_back(std::move(same));
        continue;
      }
    }
    if (auto unit = makeInbound(config, problems)) inbounds_.push_back(std::move(unit));
  }
}

/// What goes on is described by this configuration from now on: the places in the predecessor's
/// would keep its text, with the secrets in it (KEY-6).
void Instance::renewConfigs() {
  for (const config::InboundConfig& config : model_.inbounds) {
    if (const auto unit = find(inbounds_, [&](const auto& each) {
          return sameInbound(each, config, surroundings_);
        })) {
      unit->config = config;
    }
  }
  for (const config::OutboundConfig& config : model_.outbounds) {
    if (const auto unit = find(outbounds_, [&](const auto& each) {
          return sameOutbound(each, config, surroundings_);
        })) {
      unit->config = config;
    }
  }
  const auto renewReverse = [](const auto& units, const config::ReverseEntry& config) {
    const auto unit =
        find(units, [&](const auto& each) { return sameReverse(each.config, config); });
    if (unit) unit->config = config;
  };
  for (const config::ReverseEntry& config : model_.portals) renewReverse(portals_, config);
  for (const config::ReverseEntry& config : model_.bridges) renewReverse(bridges_, config);
}

std::shared_ptr<InboundUnit> Instance::makeInbound(const config::InboundConfig& config,
                                                   config::Problems& problems) {
  const auto index = static_cast<std::size_t>(&config - model_.inbounds.data());
  const proxy::InboundFactory* make = registry_.findInbound(config.protocol);
  if (!make) {
    reportProtocol(config.protocol, registry_.inbounds(), config.place,
                   pathOf("inbounds", index, config.tag), problems);
    return nullptr;
  }
  auto unit = std::make_shared<InboundUnit>();
  unit->config = config;
  unit->surroundings = surroundings_;
  unit->info = std::make_shared<proxy::InboundInfo>();
  unit->info->protocol = normalizedDomain(config.protocol);
  unit->info->tag = config.tag.empty()
                        ? unit->info->protocol + ":" + std::to_string(config.port.from)
                        : config.tag;
  unit->info->timeouts = surroundings_.timeouts;
  unit->info->owner = unit.get();

  proxy::Context context = contextFor(unit->info->tag, problems);
  context.inbound = unit->info;
  unit->handler = (*make)(config.settings, context);
  if (!unit->handler) return nullptr;
  unit->info->authenticates = unit->handler->needs().strangers;
  unit->home = &core_.nextLoop();
  makeDoors(*unit);
  return unit;
}

void Instance::makeDoors(InboundUnit& unit) {
  const proxy::InboundHandler::Needs needs = unit.handler->needs();
  for (unsigned port = unit.config.port.from; port <= unit.config.port.to; ++port) {
    for (const Network network : {Network::Tcp, Network::Udp}) {
      if (!(network == Network::Tcp ? needs.tcp : needs.udp)) continue;
      ListenOptions options;
      options.network = network;
      options.addresses = unit.config.listen;
      options.port = static_cast<std::uint16_t>(port);
      options.strangers = needs.strangers;
      options.udpIdle = needs.udpIdle;
      options.udpIdleAnswered = needs.udpIdleAnswered;
      // A socket stays on its loop when it changes hands.
      const Door* old = predecessorsDoor(options);
      Loop& loop = old ? old->loop() : core_.nextLoop();
      unit.doors.push_back(std::make_unique<Door>(loop, options, *unit.handler));
    }
  }
}

Door* Instance::predecessorsDoor(const ListenOptions& options) const {
  if (!predecessor_) return nullptr;
  for (const auto& unit : predecessor_->inbounds_) {
    for (const auto& door : unit->doors) {
      if (samePort(door->options(), options)) return door.get();
    }
  }
  return nullptr;
}

void Instance::buildBridges() {
  for (const config::ReverseEntry& config : model_.bridges) {
    const std::string peer = peerOf(config);
    if (predecessor_) {
      if (auto same = find(predecessor_->bridges_, [&](const auto& unit) {
            return sameReverse(unit.config, config) && unit.peer == peer &&
                   unit.surroundings.timeouts == surroundings_.timeouts;
          })) {
        bridges_.push_back(std::move(same));
        continue;
      }
    }
    bridges_.push_back(makeBridge(core_, config, surroundings_, peer));
  }
}

/// The server that the rules send the bridge's links to, for log lines.
std::string Instance::peerOf(const config::ReverseEntry& bridge) const {
  std::string tag = model_.outbounds.empty() ? "" : model_.outbounds.front().tag;
  const std::string domain = normalizedDomain(bridge.domain);
  for (const config::RuleConfig& rule : model_.rules) {
    if (!concerns(rule, bridge.tag) || (fullDomainOf(rule) != domain && !isUnconditional(rule)))
      continue;
    tag = rule.outboundTag.text();
    break;
  }
  std::string peer;
  for (const config::OutboundConfig& outbound : model_.outbounds) {
    if (outbound.tag != tag) continue;
    config::Problems ignored;
    for (const config::Node& server : outbound.settings["vnext"].items()) {
      peer += (peer.empty() ? "" : ", ") +
              escaped(config::resolveReference(server["address"], ignored).text(), 256) + ":" +
              server["port"].text();
    }
    if (peer.empty()) peer = "outbound " + tag;
  }
  return peer;
}

void Instance::buildPlan(config::Problems& problems) {
  plan_ = std::make_shared<Plan>(
      routing::Router(model_, routing::GeoFiles(core_.environment.geoDirectories), problems),
      model_);
  for (const auto& unit : outbounds_) {
    const std::string protocol = normalizedDomain(unit->config.protocol);
    Plan::Target target{unit->config.tag, unit->outbound, "",
                        protocol == "blackhole" || protocol == "block"};
    // An outbound without a tag can only be the default.
    const std::string key =
        target.tag.empty() ? "\n" + std::to_string(plan_->targets.size()) : target.tag;
    const auto [added, isNew] = plan_->targets.try_emplace(key, std::move(target));
    // The first one is the default; it may be missing here only after an error.
    if (isNew && unit == outbounds_.front()) plan_->fallback = &added->second;
  }
  for (const auto& unit : portals_) {
    Plan::Target target{unit->config.tag, unit->portal, normalizedDomain(unit->config.domain),
                        false};
    const auto [added, isNew] = plan_->targets.try_emplace(unit->config.tag, std::move(target));
    if (!plan_->fallback && isNew && model_.outbounds.empty() && model_.portalAsDefault) {
      plan_->fallback = &added->second;
    }
  }
  plan_->tunnelTags = tunnelInbounds(model_, inbounds_);
}

}  // namespace culvert::app

#include "app/Notices.h"

#include "app/RuleView.h"
#include "base/Log.h"
#include "config/Suggest.h"

#include <optional>

namespace culvert::app {
namespace {

constexpr Log log{"app"};

/// What is dialled for the service, as it is written in a configuration.
std::string addressOf(const config::ServiceEntry& service) {
  const bool isIp6 = service.host.find(':') != std::string::npos;
  std::string text =
      (isIp6 ? "[" + service.host + "]" : service.host) + ":" + std::to_string(service.ports.from);
  if (service.ports.from != service.ports.to) text += "-" + std::to_string(service.ports.to);
  return text;
}

std::string unknownService(const std::string& name,
                           const std::vector<config::ServiceEntry>& services) {
  std::vector<std::string> names;
  std::string offered;
  for (const config::ServiceEntry& service : services) {
    offered += (offered.empty() ? "" : ", ") + service.name;
    names.push_back(service.name);
  }
  const std::string meant = config::nearest(name, names);
  return "portal asked for service " + inQuotes(name) +
         " which is not offered here (offered: " + (offered.empty() ? "none" : offered) + ")" +
         (meant.empty() ? "" : "; did the portal mean " + inQuotes(meant) + "?");
}

/// Why the service is not what was asked for, or "".
std::string mismatch(const config::ServiceEntry& service, const Destination& target) {
  const bool isUdp = target.network == Network::Udp;
  if (isUdp ? !service.networks.udp : !service.networks.tcp) {
    const std::string other = isUdp ? "tcp" : "udp", wanted = isUdp ? "udp" : "tcp";
    return "service " + inQuotes(service.name) + " is " + other + " here but was asked for over " +
           wanted + "; write " + wanted + "://" + addressOf(service);
  }
  const config::PortRange ports = service.ports;
  const bool isRange = ports.from != ports.to;  // a single port takes whatever is asked for
  if (isRange && (target.port < ports.from || target.port > ports.to)) {
    return "service " + inQuotes(service.name) + " has ports " + std::to_string(ports.from) + "-" +
           std::to_string(ports.to) + ", asked for " + std::to_string(target.port) +
           "; set to_port: " + std::to_string(ports.from) + " at the portal";
  }
  return {};
}

/// Why a bridge of this domain does not serve the target; "": it does, or it is no name of its.
std::string adviseOnService(const Destination& target, const std::string& domain,
                            const std::vector<config::ServiceEntry>& services) {
  if (!target.isDomain()) return {};
  const std::optional<std::string> name = labelBelow(normalizedDomain(target.domain()), domain);
  if (!name) return {};
  for (const config::ServiceEntry& service : services) {
    if (service.name == *name) return mismatch(service, target);
  }
  return unknownService(*name, services);
}

/// The services that the friendly form offers through the bridge of this domain.
std::vector<config::ServiceEntry> servicesOf(const config::Model& model,
                                             const std::string& domain) {
  std::vector<config::ServiceEntry> services;
  for (const config::ServiceEntry& entry : model.services) {
    if (!labelBelow(normalizedDomain(entry.domain), domain)) continue;
    services.push_back(entry);
    services.back().place = {};  // it would keep the file's text, and so its secrets
  }
  return services;
}

}  // namespace

Notices::Notices(const config::Model& model) {
  if (model.dialect != config::Dialect::Yaml) return;
  for (const config::ReverseEntry& bridge : model.bridges) {
    const std::string domain = normalizedDomain(bridge.domain);
    bridges_[bridge.tag] = {domain, servicesOf(model, domain)};
  }
  for (const config::ReverseEntry& portal : model.portals) {
    portalDomains_.push_back(normalizedDomain(portal.domain));
  }
}

std::string Notices::lineFor(const proxy::Session& session) const {
  if (!session.inbound || session.link) return {};
  if (const auto found = bridges_.find(session.inbound->tag); found != bridges_.end()) {
    const BridgeEnd& bridge = found->second;
    std::string advice = adviseOnService(session.target, bridge.domain, bridge.services);
    if (!advice.empty()) return advice;
    const std::string target = toString(session.target);
    return "portal asked for " + target +
           " which is not offered here; to offer it add it under bridge.services, "
           "as in new: " +
           std::string(toString(session.target.network)) + "://" +
           target.substr(target.find(':') + 1);
  }
  // A bridge asks for a name and port 0.
  const bool registers =
      session.inbound->authenticates && session.target.isDomain() && session.target.port == 0;
  if (!registers || portalDomains_.empty()) return {};
  return reverse::adviseOnRegistration(session.user, normalizedDomain(session.target.domain()),
                                       portalDomains_);
}

void Notices::note(const proxy::Session& session, Clock::time_point now) const {
  const std::string line = lineFor(session);
  if (!line.empty() && said_->admit(line, now)) log.warning(line);
}

}  // namespace culvert::app

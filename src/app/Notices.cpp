#include "app/Notices.h"

#include "app/RuleView.h"
#include "base/Log.h"

#include <utility>

namespace culvert::app {
namespace {

constexpr Log log{"app"};

}  // namespace

std::vector<reverse::Service> servicesOf(const config::Model& model,
                                         const config::ReverseEntry& bridge) {
  std::vector<reverse::Service> services;
  for (const config::ServiceEntry& entry : model.services) {
    if (!labelBelow(normalizedDomain(entry.domain), normalizedDomain(bridge.domain))) continue;
    reverse::Service service;
    service.name = entry.name;
    service.tcp = entry.networks.tcp;
    service.udp = entry.networks.udp;
    service.address =
        (entry.host.find(':') == std::string::npos ? entry.host : "[" + entry.host + "]") + ":" +
        std::to_string(entry.ports.from);
    if (entry.ports.from != entry.ports.to) {  // a single port takes whatever is asked for
      service.firstPort = entry.ports.from;
      service.lastPort = entry.ports.to;
      service.address += "-" + std::to_string(entry.ports.to);
    }
    services.push_back(std::move(service));
  }
  return services;
}

Notices::Notices(const config::Model& model) {
  if (model.dialect != config::Dialect::Yaml) return;
  for (const config::ReverseEntry& bridge : model.bridges) {
    bridges_[bridge.tag] = {normalizedDomain(bridge.domain), servicesOf(model, bridge)};
  }
  for (const config::ReverseEntry& portal : model.portals) {
    portalDomains_.push_back(normalizedDomain(portal.domain));
  }
}

std::string Notices::lineFor(const proxy::Session& session) const {
  if (!session.inbound || session.link) return {};
  if (const auto found = bridges_.find(session.inbound->tag); found != bridges_.end()) {
    const BridgeEnd& bridge = found->second;
    const std::string advice =
        reverse::adviseOnService(session.target, bridge.domain, bridge.services);
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

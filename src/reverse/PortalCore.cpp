#include "reverse/PortalCore.h"

#include "base/Errc.h"
#include "base/Log.h"
#include "net/Ferry.h"
#include "net/Relay.h"
#include "proxy/Outbound.h"
#include "reverse/Names.h"
#include "reverse/PortalLink.h"
#include "reverse/UdpFlow.h"

#include <algorithm>
#include <utility>

namespace culvert::reverse {
namespace {

constexpr Log log{"reverse"};
constexpr int kMostHops = 3;  ///< from loop to loop, while links come and go
constexpr std::size_t kMostNames = 4096;

Carries carriesOf(const proxy::Session& session) {
  return session.target.network == Network::Udp ? Carries::Packets : Carries::ByteStream;
}

std::string labelOf(const proxy::Session& session) {
  return session.user.empty() ? std::string("a user without a label")
                              : "user " + inQuotes(session.user);
}

}  // namespace

PortalCore::PortalCore(PortalSettings itsSettings, std::vector<Loop*> itsLoops,
                       mux::Environment& itsEnvironment)
    : settings(std::move(itsSettings)),
      loops(std::move(itsLoops)),
      environment(itsEnvironment),
      parking(std::make_shared<Parking>(settings.maxParked, settings.maxParkTime)) {}

bool PortalCore::isRegistration(const proxy::Session& session) const {
  return isDomain(session.target, settings.domain);
}

std::string PortalCore::refusal(const proxy::Session& session) const {
  if (!session.inbound || !session.inbound->authenticates) {
    return "its inbound does not authenticate; only a bridge's own connection may ask for this "
           "name";
  }
  if (session.sniffed) return "the name was found in the traffic";
  // Rules do not tell them apart; a visitor by that name there cannot be.
  if (session.target.domain() != settings.domain)
    return "the two names differ in upper and lower case";
  const auto& users = settings.users;
  if (!users.empty() && std::find(users.begin(), users.end(), session.user) == users.end()) {
    const std::string advice =
        adviseOnRegistration(session.user, settings.domain, settings.domains);
    return advice.empty() ? "this name belongs to another user" : advice;
  }
  return {};
}

void PortalCore::registerLink(Visitor visitor, Loop& here) {
  const Clock::time_point now = here.now().mono;
  const std::string why = refusal(visitor.session);
  if (!why.empty()) {
    const std::string inbound =
        visitor.session.inbound ? visitor.session.inbound->tag : std::string();
    const std::string line = labelOf(visitor.session) + " on inbound " + inQuotes(inbound) +
                             " may not register " + inQuotes(settings.domain) + ": " + why;
    if (said_.admit(line, now)) log.warning(line);
    return proxy::refuse(std::move(visitor.stream), std::move(visitor.record), Errc::Refused);
  }
  auto tunnel = std::make_shared<Tunnel>(here, nextLink_.fetch_add(1), visitor.session.userKey);
  if (!pool.add(tunnel)) {
    const std::string line =
        labelOf(visitor.session) + " has as many links as one may have; refused another";
    if (said_.admit(line, now)) log.warning(line);
    return proxy::refuse(std::move(visitor.stream), std::move(visitor.record), Errc::Overloaded);
  }
  visitor.stream->beLink();
  here.adopt(
          std::make_unique<PortalLink>(shared_from_this(), std::move(tunnel), std::move(visitor)))
      .start();
}

void PortalCore::place(Visitor visitor, Loop& here, int hops) {
  const bool isUdp = visitor.session.target.network == Network::Udp;
  if (isUdp && hops == 0) {
    here.adopt(std::make_unique<UdpFlow>(shared_from_this(), here, std::move(visitor))).start();
    return;
  }
  while (const TunnelPtr tunnel = pool.pickHere(here, here.now().mono)) {
    if (&tunnel->loop != &here) {
      if (hops >= kMostHops) break;
      return cross(std::move(visitor), here, tunnel, hops + 1);
    }
    if (join(visitor, here, *tunnel)) return;
    tunnel->full = true;  // until it reports again
  }
  parking->park(std::move(visitor), here, [self = shared_from_this()](Visitor again, Loop& loop) {
    self->place(std::move(again), loop);
  });
}

void PortalCore::cross(Visitor visitor, Loop& here, const TunnelPtr& tunnel, int hops) {
  if (!visitor.stream->moveTo(tunnel->loop)) {
    auto [hereEnd, thereEnd] = makeFerry(here, tunnel->loop, carriesOf(visitor.session));
    joinRelay(here, std::move(visitor.stream), std::move(hereEnd),
              proxy::relayOptions(visitor.session), std::move(visitor.record));
    visitor.stream = std::move(thereEnd);
  }
  const auto moved = std::make_shared<Visitor>(std::move(visitor));
  tunnel->loop.post([self = shared_from_this(), moved, loop = &tunnel->loop, hops] {
    self->place(std::move(*moved), *loop, hops);
  });
}

bool PortalCore::join(Visitor& visitor, Loop& here, Tunnel& tunnel) {
  if (!tunnel.link) return false;
  StreamPtr session = tunnel.link->openSession(visitor.session);
  if (!session) return false;
  TunnelPool::arrived(tunnel);
  joinRelay(here, std::move(visitor.stream), std::move(session),
            proxy::relayOptions(visitor.session), std::move(visitor.record));
  return true;
}

Loop& PortalCore::nextLoop(Loop& here) {
  if (loops.empty()) return here;
  return *loops[nextLoop_.fetch_add(1, std::memory_order_relaxed) % loops.size()];
}

std::size_t PortalCore::learnedName(const std::string& user) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = names_.find(user);
  return found == names_.end() ? 0 : found->second;
}

void PortalCore::learnName(const std::string& user, std::size_t index) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (names_.size() < kMostNames || names_.count(user) > 0) names_[user] = index;
}

}  // namespace culvert::reverse

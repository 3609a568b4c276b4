#include "reverse/Portal.h"

#include "base/Errc.h"
#include "base/Log.h"
#include "reverse/Names.h"
#include "reverse/PortalCore.h"
#include "reverse/PortalLink.h"

#include <utility>

namespace culvert::reverse {
namespace {

constexpr Log log{"reverse"};

const char* nameOf(const Tunnel& tunnel) {
  if (tunnel.closing) return "closing";
  if (tunnel.retiring) return "retiring";
  switch (tunnel.state.load()) {
    case Tunnel::State::Unproven:
      return "unproven";
    case Tunnel::State::Live:
      return "live";
    case Tunnel::State::Suspect:
      return "suspect";
  }
  return "";
}

}  // namespace

Portal::Portal(PortalSettings settings, std::vector<Loop*> loops, mux::Environment& environment)
    : core_(std::make_shared<PortalCore>(std::move(settings), std::move(loops), environment)) {}

Portal::~Portal() = default;

Loop& Portal::home(const proxy::Session& session, Loop& here) {
  if (core_->isRegistration(session)) return core_->nextLoop(here);
  const TunnelPtr tunnel = core_->pool.expect(here, here.now().mono);
  return tunnel ? tunnel->loop : here;
}

void Portal::open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr record,
                  Loop& here) {
  Visitor opened{std::move(session), std::move(visitor), std::move(record)};
  if (core_->isRegistration(opened.session)) return core_->registerLink(std::move(opened), here);
  if (isControl(opened.session.target)) {
    log.warning("a visitor asked for the control name ", opened.session.target, "; refused");
    return proxy::refuse(std::move(opened.stream), std::move(opened.record), Errc::Refused);
  }
  core_->place(std::move(opened), here);
}

void Portal::drain() {
  for (const TunnelPtr& tunnel : core_->pool.all()) {
    tunnel->loop.post([tunnel] {
      if (tunnel->link) tunnel->link->giveUp("this portal is stopping");
    });
  }
}

void Portal::stop(std::error_code why) {
  for (const TunnelPtr& tunnel : core_->pool.all()) {
    tunnel->loop.post([tunnel, why] {
      if (tunnel->link) tunnel->link->stop(why);
    });
  }
}

std::vector<LinkStatus> Portal::links() const {
  std::vector<LinkStatus> links;
  for (const TunnelPtr& tunnel : core_->pool.all()) {
    links.push_back({.id = tunnel->id,
                     .state = nameOf(*tunnel),
                     .sessions = tunnel->sessions,
                     .bulk = tunnel->bulk,
                     .queued = tunnel->queued});
  }
  return links;
}

std::size_t Portal::parked() const {
  return core_->parking->count();
}

}  // namespace culvert::reverse

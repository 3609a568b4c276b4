#include "reverse/PortalLink.h"

#include "base/Errc.h"
#include "base/Log.h"
#include "reverse/LongPath.h"
#include "reverse/Names.h"
#include "reverse/Origin.h"

#include <array>
#include <utility>

namespace culvert::reverse {
namespace {

constexpr Log log{"reverse"};
constexpr std::size_t kMaxPadding = 64;

std::string describe(const Tunnel& tunnel, const proxy::Session& session) {
  std::string text = std::to_string(tunnel.id);
  if (!session.user.empty()) text += " of " + inQuotes(session.user);
  if (session.source) text += " from " + toString(*session.source);
  return text;
}

}  // namespace

PortalLink::PortalLink(std::shared_ptr<PortalCore> core, TunnelPtr tunnel, Visitor bridge)
    : core_(std::move(core)),
      tunnel_(std::move(tunnel)),
      session_(std::move(bridge.session)),
      record_(std::move(bridge.record)),
      loop_(tunnel_->loop),
      who_(describe(*tunnel_, session_)),
      client_(loop_, std::move(bridge.stream), *this, core_->environment, {.mayHold = true}) {
  tunnel_->link = this;
}

PortalLink::~PortalLink() {
  tunnel_->link = nullptr;
  core_->pool.remove(*tunnel_);
}

const void* PortalLink::owner() const noexcept {
  return session_.inbound ? session_.inbound->owner : nullptr;
}

void PortalLink::start() {
  if (core_->settings.controlName.empty()) name_ = core_->learnedName(session_.userKey);
  openControl();
  client_.start();  // its probes follow the control session's first message
  armBeat();
}

StreamPtr PortalLink::openSession(const proxy::Session& visitor) {
  metadata_.clear();
  if ((features_ & feature::kOrigin) && visitor.source) {
    append(metadata_, visitor.target.network, {visitor.source, visitor.local});
  }
  return client_.openSession(visitor.target, metadata_.view());
}

// The control session.

void PortalLink::openControl() {
  const std::string& fixed = core_->settings.controlName;
  const std::string first = message(Control::State::Active);
  client_.openControl(fixed.empty() ? std::string(kControlNames[name_]) : fixed, asBytes(first));
  controlOpened_ = loop_.now().mono;
}

std::string PortalLink::message(Control::State state) {
  std::array<std::uint8_t, kMaxPadding> random{};
  core_->environment.random(random);
  const Bytes padding = Bytes(random).subspan(1, random[0] % kMaxPadding);
  Control control{.state = state,
                  .features = feature::kAll,
                  .beatMilliseconds = std::chrono::milliseconds(kBeat).count(),
                  .padding = std::string(asText(padding))};
  Buffer out;
  append(out, control);
  return std::string(asText(out.view()));
}

void PortalLink::sendControl(Control::State state) {
  const std::string text = message(state);
  client_.sendControl(asBytes(text));
}

void PortalLink::onControl(Bytes bytes) {
  const Result<Control> control = parseControl(bytes);
  if (!control) return client_.close(control.error());
  if (control->features && !answered_) {
    // Features are fixed when the link is proved: an answer that comes later is none.
    if (proved_) return client_.close(Errc::BadFrame);
    answered_ = true;
    features_ = *control->features & feature::kAll;
    core_->learnName(session_.userKey, name_);
    nameLearned_ = true;
    if (!control->instance.empty()) {
      for (const TunnelPtr& older : core_->pool.setInstance(*tunnel_, control->instance)) {
        older->loop.post([older] {
          if (older->link) older->link->doubt();
        });
      }
    }
  }
  if (control->state == Control::State::Drain && !tunnel_->closing) {
    log.info("link ", who_, " is given up by its bridge; it serves what runs");
    tunnel_->closing = true;
    finishIfDone();
  }
}

void PortalLink::onControlEnded() {
  if (draining_ || tunnel_->closing || !core_->settings.controlName.empty()) return;
  if (++namesTried_ >= kAnnouncedNames) {
    log.debug("link ", who_, " understands no name of the control session; its probes keep it");
    return;
  }
  name_ = (name_ + 1) % kAnnouncedNames;
  nameLearned_ = false;
  openControl();
}

// Life.

void PortalLink::onHealth(mux::Health health) {
  if (health == mux::Health::Live && !proved_) return onProved();
  if (health == mux::Health::Live) {
    tunnel_->state = Tunnel::State::Live;
    log.info("link ", who_, " answers again");
    onLoad();
    core_->linkIsUp();
  } else if (health == mux::Health::Suspect) {
    tunnel_->state = Tunnel::State::Suspect;
    log.warning("link ", who_, " does not answer; no new visitors until it does");
  }
}

void PortalLink::onProved() {
  proved_ = true;
  client_.setPeer({.isCulvert = answered_,
                   .halfClose = (features_ & feature::kHalfClose) != 0,
                   .credits = (features_ & feature::kCredits) != 0});
  tunnel_->state = Tunnel::State::Live;
  onLoad();
  log.info("link ", who_, " is up");
  core_->linkIsUp();
}

void PortalLink::armBeat() {
  const Clock::time_point now = loop_.now().mono;
  loop_.arm(beat_, nextBeat(now + kBeat / 2, kBeat) - now);
}

void PortalLink::onBeat() {
  armBeat();
  if (client_.hasControl() && !draining_) {
    sendControl(Control::State::Active);
    if (!nameLearned_ && loop_.now().mono - controlOpened_ >= kNameHolds) {
      nameLearned_ = true;
      core_->learnName(session_.userKey, name_);
    }
  }
  onLoad();
  tunnel_->coming = 0;  // those that never came are forgotten
  const std::uint64_t most = core_->settings.retireAt;
  if (client_.sessionsEver() >= most || client_.chunks() >= most) {
    drain("it has carried as much as a link may");
  } else if (client_.isBurdened() && !answered_ && !core_->pool.hasOther(*tunnel_)) {
    drain("a visitor does not take its data and there is no other link");
  }
  if (nonces_.repeatNow(client_.chunks())) log.warning("nonces of link ", who_, Nonces::kWarning);
  finishIfDone();
}

void PortalLink::drain(const char* why) {
  if (draining_) return;
  draining_ = true;
  tunnel_->retiring = true;
  log.info("link ", who_, " retires: ", why);
  if (!client_.hasControl()) return;
  sendControl(Control::State::Drain);
  client_.endControl();
}

void PortalLink::giveUp(const char* why) {
  drain(why);
  tunnel_->closing = true;
  finishIfDone();
}

void PortalLink::finishIfDone() {
  if (client_.sessionCount() > 0) return;
  if (tunnel_->closing || (draining_ && core_->pool.hasOther(*tunnel_))) client_.finish();
}

void PortalLink::onLoad() {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  tunnel_->heardAt.store(client_.lastHeard().time_since_epoch().count(), kRelaxed);
  if (roundTrip_ != client_.roundTrip()) {
    roundTrip_ = client_.roundTrip();
    core_->pool.setRoundTrip(*tunnel_, roundTrip_);
  }
  tunnel_->sessions.store(static_cast<std::uint32_t>(client_.sessionCount()), kRelaxed);
  tunnel_->active.store(static_cast<std::uint32_t>(client_.activeCount()), kRelaxed);
  tunnel_->bulk.store(static_cast<std::uint32_t>(client_.settledBulkCount()), kRelaxed);
  tunnel_->queued.store(client_.queuedBytes(), kRelaxed);
  if (client_.bulkCount() > 0 && roundTrip_ >= kLongPath)
    tunnel_->bulkAt.store(loop_.now().mono.time_since_epoch().count(), kRelaxed);
  tunnel_->burdened.store(client_.isBurdened(), kRelaxed);
  tunnel_->full.store(false, kRelaxed);
}

void PortalLink::onLinkClosed(std::error_code why) {
  beat_.disarm();
  tunnel_->link = nullptr;
  core_->pool.remove(*tunnel_);
  if (draining_ || tunnel_->closing) {
    log.info("link ", who_,
             " is closed: ", why ? why.message() : std::string("nothing ran on it any more"));
  } else if (!proved_) {
    log.warning("link ", who_, " ended before it had proved itself: ",
                why ? why.message() : std::string("closed by the bridge"));
  } else {
    log.warning("link ", who_,
                " lost: ", why ? why.message() : std::string("closed by the bridge"));
  }
  if (record_) record_->fail(why);
  loop_.retire(*this);
}

}  // namespace culvert::reverse

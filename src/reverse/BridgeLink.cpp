#include "reverse/BridgeLink.h"

#include "base/Errc.h"
#include "base/Log.h"
#include "net/Crossover.h"
#include "reverse/Control.h"
#include "reverse/LongPath.h"
#include "reverse/Names.h"
#include "reverse/Origin.h"

#include <utility>

namespace culvert::reverse {
namespace {

constexpr Log log{"reverse"};

}  // namespace

BridgeLink::BridgeLink(std::shared_ptr<BridgeCore> core, BridgeTunnelPtr tunnel)
    : core_(std::move(core)), tunnel_(std::move(tunnel)), loop_(tunnel_->loop) {
  auto [muxEnd, dialledEnd] = makeCrossover(loop_);
  dialled_ = std::move(dialledEnd);
  mux::ServerHandler& handler = *this;
  server_ = std::make_unique<mux::MuxServer>(loop_, std::move(muxEnd), handler, core_->environment,
                                             mux::LinkOptions{.probes = mux::Probes::OnceHeard});
  tunnel_->link = this;
}

BridgeLink::~BridgeLink() {
  server_.reset();
  tunnel_->link = nullptr;
  core_->sessions.fetch_sub(tunnel_->sessions.exchange(0));
}

void BridgeLink::start() {
  loop_.arm(deadline_, kAnswerTime);
  server_->start();
  proxy::Session session;
  session.id = proxy::nextSessionId();
  session.inbound = core_->inbound;
  session.target = {Network::Tcp, core_->settings.domain, 0};
  session.link = true;
  core_->dispatcher.dispatch(std::move(session), std::move(dialled_), loop_);
}

void BridgeLink::drain() {
  if (std::exchange(drained_, true)) return;
  if (tunnel_->isCulvert) {
    Buffer message;
    append(message, Control{.state = Control::State::Drain, .instance = core_->settings.instance});
    server_->sendControl(message.view());
  } else {
    tunnel_->replaced = true;
    onLoad();
  }
}

void BridgeLink::onFirstFrame() {
  heard_ = true;
  deadline_.disarm();
  core_->report(tunnel_, {BridgeEvent::Kind::Up});
}

void BridgeLink::onHealth(mux::Health health) {
  const bool suspect = health == mux::Health::Suspect;
  if (suspect == suspect_) return;
  suspect_ = suspect;
  core_->report(tunnel_, {suspect ? BridgeEvent::Kind::Suspect : BridgeEvent::Kind::Recovered});
}

bool BridgeLink::isControl(const Destination& target) {
  return reverse::isControl(target);
}

void BridgeLink::onControl(Bytes message) {
  const Result<Control> control = parseControl(message);
  if (!control) return server_->close(control.error());
  if (!std::exchange(controlSeen_, true) && control->features) answer(*control->features);
  if (control->state == Control::State::Drain && !std::exchange(retiring_, true)) {
    log.info("the portal at ", core_->settings.peer, " wants another link in place of link ",
             tunnel_->id);
    core_->report(tunnel_, {BridgeEvent::Kind::Draining});
  }
}

/// Only a portal that offered something is ever written to on the control session.
void BridgeLink::answer(std::uint64_t offered) {
  features_ = offered & feature::kAll;
  tunnel_->isCulvert = true;
  server_->setPeer({.isCulvert = true,
                    .halfClose = (features_ & feature::kHalfClose) != 0,
                    .credits = (features_ & feature::kCredits) != 0});
  Buffer message;
  append(message, Control{.features = features_, .instance = core_->settings.instance});
  server_->sendControl(message.view());
}

void BridgeLink::onSession(const Destination& target, StreamPtr stream, Bytes metadata) {
  if (isDomain(target, core_->settings.domain)) {
    // The tunnel's own name would lead back into a tunnel.
    return advise("portal asked for the tunnel's own domain; refused");
  }
  if (core_->sessions > kMostSessions)
    return advise("portal has too many sessions open; refused one");
  proxy::Session session;
  session.id = proxy::nextSessionId();
  session.inbound = core_->inbound;
  session.target = target;
  if (features_ & feature::kOrigin) {
    const Origin origin = parseOrigin(metadata);
    session.source = origin.source;
    session.local = origin.local;
  }
  core_->dispatcher.dispatch(std::move(session), std::move(stream), loop_);
}

void BridgeLink::advise(const std::string& text) {
  if (core_->said.admit(text, loop_.now().mono)) log.warning(text);
}

/// False: nothing that the keeper goes by has changed.
bool BridgeLink::publish() {
  const auto sessions = static_cast<std::uint32_t>(server_->sessionCount());
  const std::uint32_t before = tunnel_->sessions.exchange(sessions);
  core_->sessions.fetch_add(sessions);
  core_->sessions.fetch_sub(before);
  const auto active = static_cast<std::uint32_t>(server_->activeCount());
  const auto bulk = static_cast<std::uint32_t>(server_->bulkCount());
  const bool burdened = server_->isBurdened();
  const bool pathIsLong = server_->roundTrip() >= kLongPath;
  const bool activeChanged = tunnel_->active.exchange(active) != active;
  const bool bulkChanged = tunnel_->bulk.exchange(bulk) != bulk;
  const bool burdenedChanged = tunnel_->burdened.exchange(burdened) != burdened;
  const bool pathChanged = tunnel_->pathIsLong.exchange(pathIsLong) != pathIsLong;
  return sessions != before || activeChanged || bulkChanged || burdenedChanged || pathChanged;
}

void BridgeLink::onLoad() {
  if (!server_) return;
  const bool changed = publish();
  // A Culvert counts the chunks themselves, retires the link by them and says so.  Ours are
  // estimated from the frames, of which many share a chunk.
  if (!tunnel_->isCulvert && nonces_.repeatNow(server_->chunks())) {
    log.warning("nonces of link ", tunnel_->id, " to ", core_->settings.peer, Nonces::kWarning);
  }
  retireIfWorn();
  if (changed && !tunnel_->loadReported.exchange(true)) loop_.atTurnEnd(reportLoad_);
}

void BridgeLink::onReportLoad() {
  core_->report(tunnel_, {BridgeEvent::Kind::Load});
}

/// A portal that is a V2Ray does not count chunks: we open another link in time, and end this one
/// when it has been without a session for a while.
void BridgeLink::retireIfWorn() {
  if (tunnel_->isCulvert || !heard_) return;
  const std::uint64_t most = core_->settings.retireAt;
  if (!retiring_ && (server_->sessionsEver() >= most || server_->chunks() >= most)) {
    retiring_ = true;
    log.info("link ", tunnel_->id, " to ", core_->settings.peer,
             " retires: it has carried as much as a link may");
    core_->report(tunnel_, {BridgeEvent::Kind::Draining});
  }
  if (!retiring_ && !drained_) return;
  if (server_->sessionCount() > 0) {
    deadline_.disarm();
  } else if (!deadline_.isArmed()) {
    loop_.arm(deadline_, kEmptyTime);
  }
}

void BridgeLink::onDeadline() {
  if (!heard_) return server_->close(Errc::TimedOut);
  if (server_->sessionCount() > 0) return;
  if (tunnel_->replaced) {
    server_->finish();
  } else {
    loop_.arm(deadline_, kEmptyTime);
  }
}

void BridgeLink::onLinkClosed(std::error_code why) {
  deadline_.disarm();
  core_->report(tunnel_, {BridgeEvent::Kind::Lost, why, heard_});
  loop_.retire(*this);
}

}  // namespace culvert::reverse

#include "reverse/UdpFlow.h"

#include "base/Errc.h"
#include "net/Ferry.h"
#include "reverse/PortalLink.h"

#include <utility>

namespace culvert::reverse {

UdpFlow::UdpFlow(std::shared_ptr<PortalCore> core, Loop& loop, Visitor visitor)
    : core_(std::move(core)),
      loop_(loop),
      session_(std::move(visitor.session)),
      options_(proxy::relayOptions(session_)),
      record_(std::move(visitor.record)),
      visitor_(std::move(visitor.stream)),
      lastMove_(loop.now().mono) {}

UdpFlow::~UdpFlow() {
  if (record_) record_->onRelayDone({result_.up, result_.down, Errc::Stopped});
}

void UdpFlow::start() {
  loop_.arm(idle_, options_.idleUnanswered);
  visitor_->attach(visitorHalf_);
  visitor_->resume();
}

void UdpFlow::Half::onData(MutableBytes datagram) {
  isVisitor_ ? flow_.fromVisitor(datagram) : flow_.fromTarget(datagram);
}

void UdpFlow::Half::onClosed(std::error_code why) {
  isVisitor_ ? flow_.finish(why) : flow_.sessionOver(why);
}

void UdpFlow::fromVisitor(MutableBytes datagram) {
  if (isOver_) return;
  lastMove_ = loop_.now().mono;
  result_.up += datagram.size();
  if (waiting_.empty() && ensureSession()) {
    const Bytes whole(datagram);
    link_->send(Pieces(&whole, 1));
    return;
  }
  if (waiting_.empty()) {
    waitingSince_ = lastMove_;
    loop_.arm(retry_, kRetry);
  }
  waiting_.push(datagram);
}

void UdpFlow::fromTarget(MutableBytes datagram) {
  if (isOver_) return;
  lastMove_ = loop_.now().mono;
  result_.down += datagram.size();
  const Bytes whole(datagram);
  visitor_->send(Pieces(&whole, 1));
}

/// Whether there is a session on a link that is worth using; opens one on the best link if not.
bool UdpFlow::ensureSession() {
  const bool isFit = link_ && tunnel_->state == Tunnel::State::Live;
  if (isFit) return true;
  const TunnelPtr best = core_->pool.pick(loop_, loop_.now().mono);
  if (!best) return link_ != nullptr;  // a silent link is better than none
  isFerried_ = &best->loop != &loop_;
  StreamPtr opened;
  if (isFerried_) {
    opened = ferryTo(best);
  } else if (best->link) {
    opened = best->link->openSession(session_);
  }
  if (!opened) return link_ != nullptr;
  dropSession();
  tunnel_ = best;
  link_ = std::move(opened);
  link_->attach(linkHalf_);
  link_->resume();
  return true;
}

StreamPtr UdpFlow::ferryTo(const TunnelPtr& tunnel) {
  auto [hereEnd, thereEnd] = makeFerry(loop_, tunnel->loop, Carries::Packets);
  const auto moved = std::make_shared<StreamPtr>(std::move(thereEnd));
  tunnel->loop.post([tunnel, moved, session = session_, options = options_] {
    StreamPtr end = std::move(*moved);
    StreamPtr opened = tunnel->link ? tunnel->link->openSession(session) : nullptr;
    if (opened) joinRelay(tunnel->loop, std::move(end), std::move(opened), options, nullptr);
  });
  return std::move(hereEnd);
}

void UdpFlow::dropSession() {
  if (!link_) return;
  former_.push_back(std::move(link_));
  loop_.atTurnEnd(dropFormer_);
}

void UdpFlow::sessionOver(std::error_code why) {
  if (isOver_) return;
  dropSession();
  tunnel_.reset();
  // A lost link does not end a flow; the far end's word does.  Through a ferry the two look alike.
  const bool isLost = why == make_error_code(Errc::LinkLost) || (isFerried_ && why);
  if (!isLost) finish(why);
}

void UdpFlow::sendWaiting() {
  while (!waiting_.empty()) {
    const auto datagram = waiting_.pop();
    const Bytes whole = datagram->view();
    link_->send(Pieces(&whole, 1));
  }
}

void UdpFlow::onRetry() {
  if (isOver_ || waiting_.empty()) return;
  if (ensureSession()) return sendWaiting();
  if (loop_.now().mono - waitingSince_ >= kWaitForLink) {
    while (!waiting_.empty()) waiting_.pop();
    return;
  }
  loop_.arm(retry_, kRetry);
}

void UdpFlow::onIdle() {
  const Clock::duration patience = result_.down > 0 ? options_.idle : options_.idleUnanswered;
  const Clock::duration left = patience - (loop_.now().mono - lastMove_);
  if (left > Clock::duration::zero()) {
    loop_.arm(idle_, left);
  } else {
    finish({});
  }
}

void UdpFlow::finish(std::error_code why) {
  if (std::exchange(isOver_, true)) return;
  if (record_) std::exchange(record_, nullptr)->onRelayDone({result_.up, result_.down, why});
  idle_.disarm();
  retry_.disarm();
  loop_.retire(*this);
}

}  // namespace culvert::reverse

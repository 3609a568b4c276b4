#include "net/UdpListener.h"

#include "base/Assert.h"
#include "base/Errc.h"
#include "base/Log.h"
#include "net/Connections.h"
#include "net/Listener.h"
#include "net/Reactor.h"

#include <memory>
#include <string_view>
#include <utility>

namespace culvert {
namespace {

constexpr Log log{"net"};
constexpr int kDatagramsPerTurn = 32;
constexpr std::size_t kMostDatagramBytes = 64 * 1024;

}  // namespace

std::size_t IpHash::operator()(const Ip& ip) const noexcept {
  return std::hash<std::string_view>()(asText(ip.bytes()));
}

std::size_t UdpFlowHash::operator()(const UdpFlowKey& key) const noexcept {
  const std::size_t hash = IpHash()(key.source.ip) * 31 + IpHash()(key.local);
  return hash * 65'599 + key.source.port;
}

UdpListener::UdpListener(Reactor& reactor, const ListenOptions& options, AcceptHandler& handler)
    : reactor_(reactor),
      handler_(&handler),
      idle_(options.udpIdle),
      idleAnswered_(options.udpIdleAnswered),
      watch_(reactor, *this, bindListening(options, &os::openUdp, family_)),
      local_(os::localOf(watch_.descriptor())) {
  CULVERT_ASSERT(reactor.isCurrent());
  os::prepareUdpListener(watch_.descriptor(), family_);
  watch_.want({.read = true});
}

UdpListener::~UdpListener() {
  while (UdpFlow* const flow = byAge_.first()) flow->expire(Errc::Stopped);
}

void UdpListener::onReadable() {
  const MutableBytes space = reactor_.scratch().first(kMostDatagramBytes);
  for (int left = kDatagramsPerTurn; left > 0; --left) {
    const os::Datagram got = os::receiveFrom(watch_.descriptor(), space);
    if (got.io.kind != os::Io::Kind::Done) return;
    receive(space.first(got.io.bytes), {got.source, got.local});
  }
}

void UdpListener::onWatchFailed(std::error_code why) noexcept {
  log.warning("UDP port ", local_, ": ", why);
}

void UdpListener::receive(MutableBytes datagram, const UdpFlowKey& key) {
  Source& source = sources_[sourcePrefix(key.source.ip)];
  source.budget.onReceived();
  const auto found = flows_.find(key);
  if (found == flows_.end()) return open(datagram, key, source);
  touch(*found->second, source);
  dropped(found->second->deliver(datagram));
}

void UdpListener::open(Bytes datagram, const UdpFlowKey& key, Source& source) {
  if (source.count == kMostPerSource) {
    source.flows.first()->expire(Errc::Overloaded);
  } else if (flows_.size() == kMostFlows) {
    byAge_.first()->expire(Errc::Overloaded);
  }
  // Expiring the last flow of another source forgets that source; this one's element stays where it
  // is, but is gone if it had no flow: a fresh look-up covers both.
  auto flow = std::make_unique<UdpFlow>(reactor_, key, idle_, idleAnswered_);
  flow->queue_.push(datagram);
  Source& home = sources_[sourcePrefix(key.source.ip)];
  flows_.emplace(key, flow.get());
  ++home.count;
  home.flows.pushBack(*flow);
  byAge_.pushBack(*flow);
  flow->listener_ = this;
  const Ip local = key.local.isAny() ? local_.ip : key.local;
  handler_->onAccepted(std::move(flow), key.source, {local, local_.port});
}

void UdpListener::touch(UdpFlow& flow, Source& source) noexcept {
  byAge_.moveToBack(flow);
  source.flows.moveToBack(flow);
}

void UdpListener::answer(UdpFlow& flow, Pieces pieces) {
  Source& source = sources_[sourcePrefix(flow.key_.source.ip)];
  touch(flow, source);
  if (!source.budget.maySend(sizeOf(pieces), Clock::now())) return dropped(1);
  const os::Io io =
      os::sendTo(watch_.descriptor(), family_, pieces, flow.key_.source, &flow.key_.local);
  if (io.kind != os::Io::Kind::Done) dropped(1);
}

void UdpListener::forget(UdpFlow& flow) noexcept {
  const auto source = sources_.find(sourcePrefix(flow.key_.source.ip));
  CULVERT_ASSERT(source != sources_.end());
  source->second.flows.remove(flow);
  if (--source->second.count == 0) sources_.erase(source);
  byAge_.remove(flow);
  flows_.erase(flow.key_);
}

void UdpListener::dropped(std::size_t count) {
  if (count == 0) return;
  dropped_ += count;
  log.debug("datagrams dropped at UDP port ", local_, ": ", dropped_, " so far");
}

UdpFlow::UdpFlow(Loop& loop, const UdpFlowKey& key, Clock::duration idle,
                 Clock::duration idleAnswered)
    : loop_(loop), key_(key), idle_(idle), idleAnswered_(idleAnswered), lastMove_(Clock::now()) {
  loop_.arm(deadline_, idleTime());
}

UdpFlow::~UdpFlow() {
  if (listener_) listener_->forget(*this);
}

Flow UdpFlow::send(Pieces pieces) {
  if (pieces.empty() || ended_ || !listener_) return Flow::Open;
  if (!std::exchange(answered_, true)) loop_.arm(deadline_, idleTime());
  lastMove_ = Clock::now();
  listener_->answer(*this, pieces);
  return Flow::Open;
}

void UdpFlow::abort() {
  if (listener_) expire(Errc::Aborted);
}

void UdpFlow::resume() {
  paused_ = false;
  if (!queue_.empty()) loop_.atTurnEnd(later_);
}

std::size_t UdpFlow::deliver(MutableBytes datagram) {
  lastMove_ = Clock::now();
  if (paused_ || !queue_.empty()) return queue_.push(datagram);
  upper().onData(datagram);
  return 0;
}

void UdpFlow::expire(std::error_code why) {
  std::exchange(listener_, nullptr)->forget(*this);
  why_ = why;
  deadline_.disarm();
  loop_.atTurnEnd(later_);
}

void UdpFlow::later() {
  if (why_) {
    if (isAttached()) upper().onClosed(why_);
    return;
  }
  while (!paused_ && !queue_.empty() && !why_) upper().onData(queue_.pop()->view());
}

void UdpFlow::onDeadline() {
  const Clock::duration quiet = Clock::now() - lastMove_;
  if (quiet < idleTime()) {
    loop_.arm(deadline_, idleTime() - quiet);
  } else {
    expire(Errc::Idle);
  }
}

}  // namespace culvert

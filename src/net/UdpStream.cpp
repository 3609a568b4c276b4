#include "net/UdpStream.h"

#include "base/Assert.h"
#include "base/Errc.h"
#include "net/Reactor.h"

#include <utility>

namespace culvert {
namespace {

constexpr int kDatagramsPerTurn = 32;
constexpr std::size_t kMostDatagramBytes = 64 * 1024;

}  // namespace

UdpStream::UdpStream(Reactor& reactor, os::Descriptor socket, Connections::Slot slot,
                     const Endpoint& peer)
    : reactor_(&reactor), watch_(reactor, *this, socket), slot_(std::move(slot)), peer_(peer) {}

Flow UdpStream::send(Pieces pieces) {
  if (pieces.empty() || ended_ || why_ || closed_) return Flow::Open;
  const os::Io io = os::sendTo(watch_.descriptor(), os::familyOf(peer_.ip), pieces, peer_, nullptr);
  if (io.kind != os::Io::Kind::Done) ++dropped_;
  return Flow::Open;
}

void UdpStream::abort() {
  if (why_) return;
  why_ = Errc::Aborted;
  watch_.want({});
  reactor_->atTurnEnd(later_);
}

void UdpStream::pause() {
  paused_ = true;
  if (watch_.isOpen()) watch_.want({});
}

void UdpStream::resume() {
  CULVERT_ASSERT(isAttached());
  paused_ = false;
  if (watch_.isOpen() && !why_) watch_.want({.read = true});
}

bool UdpStream::moveTo(Loop& home) {
  CULVERT_ASSERT(paused_);
  if (&home == reactor_) return true;
  auto* const reactor = dynamic_cast<Reactor*>(&home);
  if (!reactor || why_) return false;
  watch_.moveTo(*reactor);
  reactor_ = reactor;
  return true;
}

void UdpStream::onReadable() {
  const MutableBytes space = reactor_->scratch().first(kMostDatagramBytes);
  for (int left = kDatagramsPerTurn; left > 0 && !paused_ && !why_; --left) {
    const os::Datagram got = os::receiveFrom(watch_.descriptor(), space);
    if (got.io.kind != os::Io::Kind::Done) return;
    if (got.source == peer_) {
      upper().onData(space.first(got.io.bytes));
    } else {
      ++dropped_;
    }
  }
}

void UdpStream::onWatchFailed(std::error_code why) noexcept {
  if (why_) return;
  why_ = why;
  reactor_->atTurnEnd(later_);
}

void UdpStream::later() {
  if (std::exchange(closed_, true)) return;
  watch_.close();
  slot_ = Connections::Slot();
  if (isAttached()) upper().onClosed(why_);
}

}  // namespace culvert

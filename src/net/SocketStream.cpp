#include "net/SocketStream.h"

#include "base/Assert.h"
#include "base/Errc.h"
#include "net/Reactor.h"
#include "net/TcpPath.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert {
namespace {

/// One that was paused and soon resumed reads more than what the kernel's receive window begins
/// with: it would never see a full window taken at once, and keep it as small as that.
constexpr std::size_t kPausedReadBytes = 128 * 1024;
constexpr std::size_t kBulkReadBytes = 256 * 1024;
/// With 256 KiB 64 streams cost more CPU, and one costs the same.
constexpr std::size_t kLinkReadBytes = 128 * 1024;
constexpr std::chrono::milliseconds kSoon{50};
constexpr int kReads = 1, kLinkReads = 2;  // in one turn

constexpr std::size_t kFullBytes = 256 * 1024;
constexpr std::size_t kLinkFullBytes = 64 * 1024;

constexpr int kMostUnsentMark = 1024 * 1024;
/// Whoever takes what waits within the first of these is given more at once next time, and whoever
/// needs the second the least again.
constexpr std::chrono::milliseconds kQuick{2}, kSlow{20};
/// Of a link: a quarter of what its path holds, at least this.
constexpr int kLeastLinkUnsentMark = 64 * 1024;
constexpr std::chrono::milliseconds kMarkEvery{50};

constexpr std::chrono::seconds kAbortTime{1};
/// How long a stream that can send no more may stay paused over what it received before.
constexpr std::chrono::seconds kPausedAfterFailure{2};
/// Later than the next two beats of the links, whose reads find that all is well: an idle process
/// need not wake for it.
constexpr std::chrono::seconds kFirstLook{5};
constexpr std::chrono::seconds kLivenessStep{1};
constexpr std::chrono::seconds kSilenceLimit{10};
constexpr unsigned kProbeLimit = 3;

constexpr std::size_t kStrangerDiscardBytes = 16 * 1024 * 1024;

}  // namespace

SocketStream::SocketStream(Reactor& reactor, os::Descriptor socket, Connections::Slot slot,
                           Role role)
    : reactor_(&reactor),
      watch_(reactor, *this, socket),
      slot_(std::move(slot)),
      stranger_(role == Role::Stranger) {}

SocketStream::SocketStream(Reactor& reactor, Watch& dialled, Connections::Slot slot)
    : reactor_(&reactor), watch_(dialled, *this), slot_(std::move(slot)), stranger_(false) {}

void SocketStream::setUp(os::Descriptor socket, Role role) noexcept {
  if (role == Role::Known) os::setClosing(socket, os::Closing::Reset);
  os::setNoDelay(socket);
  os::setUnsentMark(socket, kUnsentMark);
}

SocketStream::~SocketStream() {
  if (!watch_.isOpen()) return;
  // Unread bytes would turn a stranger's FIN into a reset.
  if (stranger_) os::discard(watch_.descriptor(), kStrangerDiscardBytes);
  watch_.close();
}

bool SocketStream::wantsRead() const noexcept {
  return state_ == State::Open && !paused_ && !readEnded_ && !failure_;
}

void SocketStream::updateInterest() {
  if (!watch_.isOpen()) return;
  watch_.want({.read = wantsRead() && !readLater_, .write = !out_.empty() && !failure_});
}

Flow SocketStream::answer() noexcept {
  const std::size_t most = link_ ? kLinkFullBytes : kFullBytes;
  // Who can send no more asks for silence, too: its source must not be read for nothing.
  if (out_.size() <= most && !sendError_) return Flow::Open;
  toldFull_ = true;
  return Flow::Full;
}

Flow SocketStream::send(Pieces pieces) {
  CULVERT_ASSERT(reactor_->isCurrent());
  if (state_ != State::Open || ending_ || sendError_ || failure_) return answer();
  std::size_t taken = 0;
  const bool waited = !out_.empty();
  if (!waited) {
    const os::Io io = os::send(watch_.descriptor(), pieces);
    if (io.kind == os::Io::Kind::Failed) {
      sendFailed(io.error);
      return answer();
    }
    taken = io.bytes;
  }
  for (const Bytes piece : pieces) {
    const std::size_t skipped = std::min(taken, piece.size());
    taken -= skipped;
    out_.append(piece.subspan(skipped));
  }
  if (!out_.empty()) {
    updateInterest();
    if (link_) {
      tuneLinkMark();
    } else if (!waited) {
      marked_ = Clock::now();
    }
  }
  if (link_) watchLiveness();
  return answer();
}

void SocketStream::end() {
  if (state_ != State::Open || ending_) return;
  ending_ = true;
  if (out_.empty() && !sendError_) handEnd();
}

void SocketStream::handEnd() {
  if (const std::error_code error = os::shutdownSend(watch_.descriptor())) return sendFailed(error);
  endSent_ = true;
  if (readEnded_) reactor_->atTurnEnd(later_);
}

void SocketStream::abort() {
  if (state_ != State::Open) return;
  state_ = State::Aborting;
  since_ = Clock::now();
  updateInterest();
  reactor_->atTurnEnd(later_);
}

void SocketStream::pause() {
  if (!std::exchange(paused_, true)) pausedAt_ = Clock::now();
  readSize_ = std::min(readSize_, kPausedReadBytes);
  updateInterest();
  if (sendError_ && state_ == State::Open) reactor_->arm(deadline_, kPausedAfterFailure);
}

void SocketStream::resume() {
  CULVERT_ASSERT(isAttached() && reactor_->isCurrent());
  if (std::exchange(paused_, false) && Clock::now() - pausedAt_ > kSoon) readSize_ = kReadBytes;
  readLater_ = !link_ && readSize_ > kReadBytes && wantsRead();
  if (readLater_) reactor_->atTurnEnd(later_);
  updateInterest();
  if (sendError_ && state_ == State::Open) deadline_.disarm();
}

bool SocketStream::moveTo(Loop& home) {
  CULVERT_ASSERT(paused_ && reactor_->isCurrent());
  if (&home == reactor_) return true;
  updateInterest();
  auto* const reactor = dynamic_cast<Reactor*>(&home);
  const bool isQuiet =
      state_ == State::Open && out_.empty() && !ending_ && !sendError_ && !failure_;
  if (!reactor || !isQuiet) return false;
  later_.cancel();
  readLater_ = false;
  deadline_.disarm();
  watch_.moveTo(*reactor);
  reactor_ = reactor;
  return true;
}

void SocketStream::beLink() {
  link_ = true;
  becomeKnown();
  if (!watch_.isOpen()) return;
  setMark(kLeastLinkUnsentMark);
  os::setKeepAlive(watch_.descriptor());
}

void SocketStream::becomeKnown() {
  if (!std::exchange(stranger_, false) || !watch_.isOpen()) return;
  os::setClosing(watch_.descriptor(), os::Closing::Reset);
}

void SocketStream::onReadable() {
  if (!wantsRead()) return updateInterest();  // dialled, and nobody has resumed it yet
  // The kernel tells of room only when a third of its buffer is free, so on a long path every wait
  // for it lets the line run dry.  What comes from the other end of a link (credit) shows that
  // something has been acknowledged: a better moment to go on.
  if (link_ && !out_.empty()) onWritable();
  if (link_ && deadline_.isArmed() && Clock::now() - since_ >= kLivenessStep && allIsAcknowledged())
    deadline_.disarm();
  const MutableBytes space = reactor_->scratch();
  for (int reads = link_ ? kLinkReads : kReads; reads > 0 && wantsRead(); --reads) {
    const std::size_t most = link_ ? kLinkReadBytes : readSize_;
    const os::Io io = os::receive(watch_.descriptor(), space.first(most));
    switch (io.kind) {
      case os::Io::Kind::Done:
        readSize_ = io.bytes == most ? kBulkReadBytes : kReadBytes;
        upper().onData(space.first(io.bytes));
        if (io.bytes < most) return;
        break;
      case os::Io::Kind::Blocked:
        readSize_ = kReadBytes;
        return;
      case os::Io::Kind::Failed:
        return close(sendError_ ? sendError_ : io.error);
      case os::Io::Kind::End:
        if (sendError_) return close(sendError_);  // the kernel has told of the reset already
        readEnded_ = true;
        updateInterest();
        upper().onEnd();
        return checkEnds();
    }
  }
}

void SocketStream::onWritable() {
  if (!watch_.isOpen() || out_.empty()) return;
  flushQueue();
  if (sendError_) return;
  if (out_.empty() && ending_ && !endSent_ && state_ == State::Open) handEnd();
  if (state_ == State::Aborting) {
    if (out_.empty()) reactor_->atTurnEnd(later_);
  } else if (toldFull_ && out_.empty()) {
    toldFull_ = false;
    upper().onRoom();
  }
}

void SocketStream::flushQueue() {
  std::array<Bytes, 64> pieces;
  while (!out_.empty()) {
    const std::size_t count = out_.gather(pieces);
    const Pieces some(pieces.data(), count);
    const os::Io io = os::send(watch_.descriptor(), some);
    if (io.kind == os::Io::Kind::Failed) return sendFailed(io.error);
    out_.consume(io.bytes);
    if (io.kind == os::Io::Kind::Blocked || io.bytes < sizeOf(some)) break;
  }
  updateInterest();
  if (link_) {
    watchLiveness();
  } else if (out_.empty()) {
    tuneMark();
  }
}

/// Where bytes leave at the speed of memory, a little of them unsent makes both ends sleep and wake
/// for every read; where they do not, more of them only fills the kernel's memory.
void SocketStream::tuneMark() {
  const Clock::duration waited = Clock::now() - marked_;
  if (waited < kQuick) {
    setMark(std::min(2 * unsentMark_, kMostUnsentMark));
  } else if (waited > kSlow) {
    setMark(kUnsentMark);
  }
}

/// What waits unsent in the kernel keeps the line busy until we run again; more than that keeps
/// small answers waiting behind bulk.  On a long path both are measured in parts of a round trip.
void SocketStream::tuneLinkMark() {
  const Clock::time_point now = Clock::now();
  if (now - marked_ < kMarkEvery) return;
  marked_ = now;
  const std::size_t quarter = os::bytesPerRoundTrip(watch_.descriptor()) / 4;
  setMark(
      static_cast<int>(std::clamp<std::size_t>(quarter, kLeastLinkUnsentMark, kMostUnsentMark)));
}

void SocketStream::setMark(int bytes) {
  if (bytes == unsentMark_) return;
  unsentMark_ = bytes;
  os::setUnsentMark(watch_.descriptor(), bytes);
}

void SocketStream::sendFailed(std::error_code why) {
  // What the peer sent before is still to be read; the read side finds the end of it.
  sendError_ = why;
  out_.clear();
  updateInterest();
  if (state_ == State::Aborting || readEnded_) {
    reactor_->atTurnEnd(later_);
  } else if (paused_) {
    reactor_->arm(deadline_, kPausedAfterFailure);
  }
}

void SocketStream::onWatchFailed(std::error_code why) noexcept {
  if (state_ == State::Closed) return;
  failure_ = why;
  reactor_->atTurnEnd(later_);
}

void SocketStream::checkEnds() {
  if (state_ != State::Open || !readEnded_) return;
  if (sendError_) return close(sendError_);
  if (endSent_) close({});
}

void SocketStream::later() {
  if (state_ == State::Closed) return;
  if (failure_) return close(failure_);
  if (state_ == State::Aborting) return continueAbort();
  checkEnds();
  if (!std::exchange(readLater_, false)) return;
  if (wantsRead()) watch_.read();
  updateInterest();
}

void SocketStream::continueAbort() {
  const bool isDelivered =
      sendError_ || (out_.empty() && os::unacknowledged(watch_.descriptor()) == 0);
  if (isDelivered || Clock::now() - since_ >= kAbortTime) {
    if (stranger_) os::discard(watch_.descriptor(), kStrangerDiscardBytes);
    close(Errc::Aborted);
  } else {
    reactor_->arm(deadline_, Loop::kTick);
  }
}

void SocketStream::onDeadline() {
  if (state_ == State::Aborting) return continueAbort();
  if (sendError_) return close(sendError_);
  if (link_) checkLiveness();
}

void SocketStream::watchLiveness() {
  if (deadline_.isArmed() || state_ != State::Open) return;
  since_ = Clock::now();
  reactor_->arm(deadline_, kFirstLook);
}

bool SocketStream::allIsAcknowledged() const {
  return out_.empty() && os::unacknowledged(watch_.descriptor()) == 0;
}

void SocketStream::checkLiveness() {
  if (allIsAcknowledged()) return;
  if (const auto health = os::tcpHealth(watch_.descriptor())) {
    // The last acknowledgement may be old because nothing was sent, or because we were not running.
    const Clock::time_point now = Clock::now();
    const Clock::duration silent =
        std::min<Clock::duration>(health->sinceAck, now - std::max(since_, reactor_->awakeSince()));
    // Three window probes alone are over in 1.4 s, which is no longer than a hole to be survived
    // (F-HOLE).
    if (silent >= kSilenceLimit &&
        (health->unacknowledged || health->unansweredProbes >= kProbeLimit)) {
      return close(std::make_error_code(std::errc::timed_out));
    }
  }
  reactor_->arm(deadline_, kLivenessStep);
}

void SocketStream::close(std::error_code why) {
  if (state_ == State::Closed) return;
  if (!why) os::setClosing(watch_.descriptor(), os::Closing::Fin);
  state_ = State::Closed;
  out_.clear();
  deadline_.disarm();
  later_.cancel();
  watch_.close();
  slot_ = Connections::Slot();
  if (isAttached()) upper().onClosed(why);
}

}  // namespace culvert

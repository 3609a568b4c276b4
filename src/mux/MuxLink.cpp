#include "mux/MuxLink.h"

#include "base/Cursor.h"
#include "base/Errc.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace culvert::mux {
namespace {

/// Payload of one chunk as V2Ray cuts it: what a direction of a link is counted by when nothing
/// below counts.
constexpr std::size_t kV2RayChunkBytes = 1'966;
constexpr std::chrono::seconds kFinishTime{2};
constexpr std::uint8_t kCreditEntry = 1;

}  // namespace

MuxLink::MuxLink(Loop& loop, StreamPtr link, LinkHandler& handler, Environment& environment,
                 const LinkOptions& options)
    : loop_(loop),
      options_(options),
      newSessions_(options.newPerSecond, options.newBurst),
      lower_(std::move(link)),
      handler_(handler),
      environment_(environment),
      writer_(loop, *lower_),
      place_(environment.shedder, loop, *this),
      liveness_(loop.now().mono),
      readAt_(loop.now().mono),
      lastBusy_(readAt_) {
  lower_->attach(*this);
}

MuxLink::~MuxLink() {
  over_ = true;
  loseSessions();
}

void MuxLink::start() {
  started_ = true;
  if (options_.probes == Probes::AtOnce) askForProofs();
  armBeat();
  lower_->resume();
}

void MuxLink::askForProofs() {
  probing_ = true;
  liveness_ =
      Liveness(loop_.now().mono, options_.probes == Probes::OnceHeard ? Liveness::Turn::Second
                                                                      : Liveness::Turn::First);
  for (std::size_t i = 0; i < Liveness::kProofs; ++i) probe();
}

void MuxLink::setPeer(Peer peer) {
  peer_ = peer;
}

void MuxLink::sendControl(Bytes message) {
  if (over_ || !control_) return;
  ShortHead head(*control_, Status::Keep, 0, message.size());
  Buffer frame;
  frame.append(head.bytes());
  frame.append(message);
  ++chunksOut_;
  writer_.sendControl(frame.view());
}

void MuxLink::endControl() {
  if (over_ || !control_) return;
  sendShort(*control_, Status::End);
  ids_.close(*control_, loop_.now().mono);
  control_.reset();
}

void MuxLink::doubt() {
  if (over_ || !probing_) return;
  const Health before = liveness_.health();
  liveness_.doubt();
  probe();
  tellHealth(before);
}

void MuxLink::close(std::error_code why) {
  if (over_) return;
  goOver(why);
  if (!lowerClosed_) lower_->abort();
}

void MuxLink::finish() {
  if (over_ || finishing_) return;
  finishing_ = true;
  lower_->end();
  loop_.arm(beat_, kFinishTime);
}

std::uint64_t MuxLink::chunks() const noexcept {
  const WireMeter meter = lower_->meter();
  if (meter.sealed > 0 || meter.opened > 0) return std::max(meter.sealed, meter.opened);
  return std::max(chunksIn_, chunksOut_);
}

// Sessions.

std::unique_ptr<MuxStream> MuxLink::addSession(SessionId id, Network network) {
  ids_.reopen(id);
  auto stream = std::make_unique<MuxStream>(*this, id, network);
  sessions_.add(id, *stream);
  ++sessionsEver_;
  reconsiderHold();
  handler_.onLoad();
  return stream;
}

bool MuxLink::isInUse(SessionId id) const {
  return control_ == id || sessions_.find(id);
}

void MuxLink::refuse(SessionId id) {
  sendShort(id, Status::End, option::kError);
  ids_.close(id, loop_.now().mono);
}

void MuxLink::dropDuplicate(SessionId id) {
  if (MuxStream* const stream = sessions_.find(id)) return stream->reset(Errc::BadFrame);
  sendShort(id, Status::End, option::kError);
  ids_.close(id, loop_.now().mono);
  control_.reset();
  handler_.onControlEnded();
}

void MuxLink::sendShort(SessionId id, Status status, std::uint8_t options) {
  if (over_) return;
  ShortHead head(id, status, options);
  ++chunksOut_;
  writer_.sendControl(head.bytes());
}

void MuxLink::forget(MuxStream& stream) {
  const Clock::time_point now = loop_.now().mono;
  writer_.remove(stream);
  activity_.forget(stream.activity_);
  place_.sub(stream.in_.size() + stream.out_.size());
  if (stream.stalled_) --stalled_;
  if (stream.braking_) --braking_;
  sessions_.remove(stream.id_);
  ids_.close(stream.id_, now);
  lastBusy_ = now;
  if (run_ == &stream) run_ = nullptr;
  if (over_) return;
  reconsiderHold();
  handler_.onLoad();
  if (sessions_.empty() && options_.idleClose > Clock::duration::zero()) armBeat();
}

void MuxLink::stallChanged(bool stalled) {
  stalled ? ++stalled_ : --stalled_;
  reconsiderHold();
  handler_.onLoad();
}

void MuxLink::brakeChanged(bool braking) {
  braking ? ++braking_ : --braking_;
  reconsiderHold();
}

void MuxLink::reconsiderHold() {
  const bool hold = (isHeld() || braking_ > 0) && !over_;
  if (hold == held_) return;
  held_ = hold;
  if (held_) {
    lower_->pause();
  } else {
    liveness_.released(loop_.now().mono);
    lower_->resume();
  }
}

bool MuxLink::shedOne() {
  MuxStream* largest = nullptr;
  sessions_.forEach([&](MuxStream& stream) {
    if (stream.held() == 0 || stream.isDraining()) return;
    if (!largest || stream.held() > largest->held()) largest = &stream;
  });
  if (!largest) return false;
  largest->reset(Errc::Overloaded);
  return true;
}

void MuxLink::loseSessions() {
  const SessionTable sessions = std::exchange(sessions_, {});
  sessions.forEach([](MuxStream& stream) { stream.loseLink(Errc::LinkLost); });
}

// The link below.

void MuxLink::onData(MutableBytes data) {
  if (over_) return;
  readAt_ = loop_.now().mono;
  liveness_.heard(readAt_);
  while (!over_) {
    const FrameReader::Event event = reader_.next(data);
    if (event.kind == FrameReader::Event::Kind::NeedMore) break;
    if (event.kind == FrameReader::Event::Kind::Failed) {
      flushRun();
      close(event.error);
      return;
    }
    if (event.kind == FrameReader::Event::Kind::Head) {
      onHead(reader_.head());
    } else {
      onFrameData(event.data, event.last);
    }
  }
  flushRun();
  // Behind the answer to the first message of the control session.
  if (heardFrame_ && !probing_ && !over_ && options_.probes == Probes::OnceHeard) {
    askForProofs();
    armBeat();
  }
}

void MuxLink::onEnd() {
  if (over_) return;
  if (!finishing_) lower_->end();
  goOver(reader_.isBetweenFrames() ? std::error_code() : make_error_code(Errc::Truncated));
}

void MuxLink::onRoom() {
  if (over_) return;
  writer_.onRoom();
  checkBurden();
}

void MuxLink::onClosed(std::error_code why) {
  lowerClosed_ = true;
  if (!over_) goOver(finishing_ ? std::error_code() : why);
}

void MuxLink::onHead(const FrameHead& head) {
  if (!heardFrame_) {
    heardFrame_ = true;
    handler_.onFirstFrame();
    if (over_) return;
  }
  chunksIn_ += std::max<std::size_t>(1, (head.dataBytes + kV2RayChunkBytes - 1) / kV2RayChunkBytes);
  const bool sameRun = head.status == Status::Keep && run_ && run_->id_ == head.id;
  if (!sameRun) flushRun();
  use_ = Use::Drop;
  switch (head.status) {
    case Status::New:
      if (onNew(head) && !over_ && head.has(option::kData)) onKeep(head);
      break;
    case Status::Keep:
      onKeep(head);
      break;
    case Status::End:
      onPeerEnd(head);
      break;
    case Status::KeepAlive:
      if (peer_.credits && head.dataBytes > 0) {
        use_ = Use::Credits;
        reader_.collect();
      } else {
        countIdleFrame();
      }
      break;
  }
}

void MuxLink::onKeep(const FrameHead& head) {
  if (control_ == head.id) {
    if (head.dataBytes > kMaxControlBytes || !controls_.take(readAt_)) return close(Errc::BadFrame);
    use_ = Use::Control;
    reader_.collect();
    return;
  }
  if (MuxStream* const stream = sessions_.find(head.id)) {
    if (stream->isPackets()) {
      if (head.dataBytes > 0) {
        use_ = Use::Session;
        reader_.collect();
      } else if (head.has(option::kData)) {
        stream->receiveDatagram({});
      }
      return;
    }
    if (head.dataBytes > 0) {
      use_ = Use::Session;
      return;
    }
    flushRun();
    if (head.has(option::kHalfClose) && peer_.halfClose) {
      stream->receiveHalfClose();
    } else if (head.status == Status::Keep) {
      countIdleFrame();
    }
    return;
  }
  if (head.status == Status::New) return;  // its owner refused it
  if (ids_.wasRecentlyClosed(head.id, readAt_)) return;
  if (head.dataBytes > 0 && answers_.take(readAt_)) {
    sendShort(head.id, Status::End);
    if (probing_) {
      turnEpoch();
      if (liveness_.mayGoAlong(situation())) probe();
      armBeat();
    }
  } else {
    countIdleFrame();
  }
}

void MuxLink::onPeerEnd(const FrameHead& head) {
  if (control_ == head.id) {
    ids_.close(head.id, readAt_);
    control_.reset();
    handler_.onControlEnded();
    return;
  }
  if (MuxStream* const stream = sessions_.find(head.id))
    return stream->receiveEnd(head.has(option::kError));
  const Health before = liveness_.health();
  if (liveness_.answered(head.id, readAt_)) {
    handler_.onLoad();
    return tellHealth(before);
  }
  if (!ids_.wasRecentlyClosed(head.id, readAt_)) countIdleFrame();
}

void MuxLink::onFrameData(MutableBytes data, bool last) {
  const FrameHead& head = reader_.head();
  switch (use_) {
    case Use::Drop:
      return;
    case Use::Control:
      return handler_.onControl(data);
    case Use::Credits:
      return readCredits(data);
    case Use::Session:
      break;
  }
  MuxStream* const stream = sessions_.find(head.id);
  if (!stream) return;  // it was reset in the middle of this frame
  if (stream->isPackets()) {
    if (data.size() <= kMaxDatagramBytes) stream->receiveDatagram(data);
    return;
  }
  if (run_ == stream) {
    // Over the head between the two: what one read brought for one session goes up in one call.
    std::memmove(runData_.data() + runData_.size(), data.data(), data.size());
    runData_ = MutableBytes(runData_.data(), runData_.size() + data.size());
  } else {
    flushRun();
    run_ = stream;
    runData_ = data;
  }
  if (!last || !head.has(option::kHalfClose) || !peer_.halfClose) return;
  flushRun();
  if (MuxStream* const still = sessions_.find(head.id)) still->receiveHalfClose();
}

void MuxLink::flushRun() {
  if (!run_) return;
  MuxStream* const stream = std::exchange(run_, nullptr);
  stream->receive(runData_);
}

void MuxLink::readCredits(Bytes entries) {
  Cursor in(entries);
  while (in.remaining() > 0) {
    if (in.u8() != kCreditEntry) return;
    const SessionId id = in.u16be();
    const std::size_t credit = in.u32be();
    if (in.underrun()) return;
    if (MuxStream* const stream = sessions_.find(id)) stream->receiveCredit(credit);
  }
}

void MuxLink::countIdleFrame() {
  if (!idleFrames_.take(readAt_)) close(Errc::Overloaded);
}

// Time.

SessionId MuxLink::probeId() {
  for (;;) {
    std::array<std::uint8_t, 2> random;
    environment_.random(random);
    const auto id =
        static_cast<SessionId>(SessionIds::kFirstProbe | ((random[0] << 8 | random[1]) & 0x0FFF));
    if (!isInUse(id) && !liveness_.isProbe(id)) return id;
  }
}

void MuxLink::probe() {
  const SessionId id = probeId();
  std::array<std::uint8_t, 9> frame{};
  ShortHead head(id, Status::Keep, 0, 1);
  std::copy(head.bytes().begin(), head.bytes().end(), frame.begin());
  ++chunksOut_;
  writer_.sendControl(frame);
  liveness_.probeSent(id, loop_.now().mono);
}

Liveness::Situation MuxLink::situation() const {
  return {.now = loop_.now().mono,
          .awakeSince = loop_.awakeSince(),
          .carriesSessions = !sessions_.empty(),
          .silenceKills = peer_.isCulvert,
          .isHeld = held_};
}

void MuxLink::armBeat() {
  if (over_ || !started_ || finishing_) return;
  const Clock::time_point now = loop_.now().mono;
  Clock::time_point at = Clock::time_point::max();
  if (probing_) at = liveness_.next(situation());
  if (options_.idleClose > Clock::duration::zero() && sessions_.empty()) {
    at = std::min<Clock::time_point>(at, lastBusy_ + options_.idleClose);
  }
  if (at != Clock::time_point::max()) loop_.arm(beat_, std::max(at - now, Clock::duration::zero()));
}

void MuxLink::onBeat() {
  if (over_) return;
  if (finishing_) return goOver({});
  const Clock::time_point now = loop_.now().mono;
  turnEpoch();
  checkBurden();
  if (options_.idleClose > Clock::duration::zero() && sessions_.empty() &&
      now - lastBusy_ >= options_.idleClose) {
    return finish();
  }
  if (probing_) {
    const Health before = liveness_.health();
    if (liveness_.judge(situation())) probe();
    if (liveness_.health() == Health::Dead) return close(Errc::TimedOut);
    tellHealth(before);
  }
  armBeat();
}

void MuxLink::turnEpoch() {
  if (activity_.turn(loop_.now().mono)) handler_.onLoad();
}

void MuxLink::noteMoved(MuxStream& stream, std::size_t bytes) {
  if (!activity_.note(stream.activity_, bytes)) return;
  if (!settle_.isArmed()) loop_.arm(settle_, kSettleTime);
  handler_.onLoad();
}

void MuxLink::settle() {
  if (over_) return;
  activity_.settle();
  handler_.onLoad();
}

void MuxLink::checkBurden() {
  if (isBurdened() == wasBurdened_) return;
  wasBurdened_ = !wasBurdened_;
  handler_.onLoad();
}

void MuxLink::tellHealth(Health before) {
  if (liveness_.health() == before) return;
  armBeat();
  handler_.onHealth(liveness_.health());
}

void MuxLink::goOver(std::error_code why) {
  over_ = true;
  why_ = why;
  beat_.disarm();
  run_ = nullptr;
  loseSessions();
  loop_.atTurnEnd(later_);
}

void MuxLink::onLater() {
  if (std::exchange(closedTold_, true)) return;
  handler_.onLinkClosed(why_);
}

}  // namespace culvert::mux

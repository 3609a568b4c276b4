#include "mux/MuxStream.h"

#include "base/Assert.h"
#include "base/Errc.h"
#include "mux/MuxLink.h"
#include "net/QueueBudget.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert::mux {
namespace {

constexpr std::size_t kMostPieces = 8;  ///< of a frame, its head included

}  // namespace

MuxStream::MuxStream(MuxLink& link, SessionId id, Network network)
    : link_(&link),
      loop_(link.loop()),
      id_(id),
      packets_(network == Network::Udp),
      receiveWindow_(link.environment_.growth),
      credits_(!packets_ && link.peer().credits),
      halfClose_(!packets_ && link.peer().halfClose) {
  if (credits_) sendWindow_.limit(kFirstWindowBytes);
  lastReceived_ = lastTaken_ = loop_.now().mono;
  link_->noteMoved(*this, 0);
}

MuxStream::~MuxStream() {
  if (!link_) return;
  if (!lingering_) sendEnd(!packets_);
  leaveLink();
}

void MuxStream::begin() {
  if (!credits_ || QueueBudget::level() != QueueBudget::Level::Calm) return;
  const std::size_t credit = receiveWindow_.begin(link_->roundTrip());
  if (credit > 0) owe(credit);
}

// Outward.

Flow MuxStream::send(Pieces pieces) {
  if (!link_ || ended_ || aborting_) return Flow::Open;
  if (packets_) return sendDatagram(pieces);
  const std::size_t size = sizeOf(pieces);
  if (size == 0) return wantsRoom_ ? Flow::Full : Flow::Open;
  lastSend_ = size;
  link_->noteMoved(*this, size);
  LinkWriter& writer = link_->writer_;
  std::size_t at = 0;
  while (out_.empty() && at < size && writer.isOpen() && sendWindow_.left() > 0) {
    at += sendPart(pieces, at, std::min(size - at, sendWindow_.left()));
  }
  const bool hadTurn = isBulk() && writer.hasBulkWaiting();
  if (at == size && out_.empty() && writer.isOpen() && sendWindow_.left() > 0 && !hadTurn)
    return Flow::Open;
  link_->place_.add(size - at);
  for (Bytes piece : pieces) {
    const std::size_t skipped = std::min(at, piece.size());
    at -= skipped;
    out_.append(piece.subspan(skipped));
  }
  wantsRoom_ = true;
  if (sendWindow_.left() > 0) writer.wait(*this);
  return Flow::Full;
}

/// Sends one frame of what lies `offset` bytes into `pieces`; returns how much of it.
std::size_t MuxStream::sendPart(Pieces pieces, std::size_t offset, std::size_t most) {
  most = std::min(most, kMaxSentDataBytes);
  std::array<Bytes, kMostPieces> frame;
  std::size_t count = 1, size = 0;
  for (const Bytes piece : pieces) {
    if (offset >= piece.size()) {
      offset -= piece.size();
      continue;
    }
    const Bytes part = piece.subspan(offset, std::min(piece.size() - offset, most - size));
    offset = 0;
    frame[count++] = part;
    size += part.size();
    if (size == most || count == frame.size()) break;
  }
  ShortHead head(id_, Status::Keep, 0, size);
  frame[0] = head.bytes();
  sendWindow_.use(size);
  ++link_->chunksOut_;
  link_->writer_.send(Pieces(frame).first(count));
  return size;
}

Flow MuxStream::sendDatagram(Pieces pieces) {
  if (pieces.empty()) return Flow::Open;
  link_->noteMoved(*this, 0);
  const std::size_t size = sizeOf(pieces);
  if (size > (link_->peer().isCulvert ? kMaxDatagramBytes : kMaxV2RayDatagramBytes)) {
    ++link_->datagramsDropped_;
    return Flow::Open;
  }
  if (outDatagrams_.empty() && link_->writer_.isOpen() && pieces.size() < kMostPieces) {
    std::array<Bytes, kMostPieces> frame;
    ShortHead head(id_, Status::Keep, 0, size);
    frame[0] = head.bytes();
    std::copy(pieces.begin(), pieces.end(), frame.begin() + 1);
    ++link_->chunksOut_;
    link_->writer_.send(Pieces(frame).first(pieces.size() + 1));
    return Flow::Open;
  }
  // Nobody is asked to wait: what is too old when there is room goes (F-UDP).
  Buffer datagram;
  for (const Bytes piece : pieces) datagram.append(piece);
  link_->datagramsDropped_ += outDatagrams_.push(datagram.view());
  link_->writer_.wait(*this);
  link_->writer_.serve();
  return Flow::Open;
}

bool MuxStream::hasQueued() const noexcept {
  return !outDatagrams_.empty() || (!out_.empty() && sendWindow_.left() > 0);
}

std::size_t MuxStream::sendQueued(std::size_t frames) {
  std::size_t sent = 0;
  LinkWriter& writer = link_->writer_;
  for (; frames > 0 && writer.isOpen() && hasQueued(); --frames) {
    if (packets_) {
      const auto datagram = outDatagrams_.pop();
      ShortHead head(id_, Status::Keep, 0, datagram->size);
      const std::array<Bytes, 2> frame{head.bytes(), datagram->view()};
      ++link_->chunksOut_;
      writer.send(frame);
      sent += datagram->size;
      continue;
    }
    std::array<Bytes, 2> blocks;
    const Pieces queued = Pieces(blocks).first(out_.gather(blocks));
    const std::size_t size = sendPart(queued, 0, std::min(sizeOf(queued), sendWindow_.left()));
    out_.consume(size);
    link_->place_.sub(size);
    sent += size;
  }
  return sent;
}

bool MuxStream::onTurn() {
  sendEndIfDrained();
  if (!link_ || ended_ || aborting_ || !wantsRoom_ || !out_.empty() || sendWindow_.left() == 0)
    return false;
  wantsRoom_ = false;
  upper().onRoom();
  return true;
}

void MuxStream::receiveCredit(std::size_t credit) {
  if (!credits_) return;
  if (!sendWindow_.add(credit)) return reset(Errc::BadFrame);
  if (!wantsRoom_ && out_.empty()) return;
  link_->writer_.wait(*this);
  link_->writer_.serve();
}

void MuxStream::putCredit(Buffer& entries) {
  entries.append(std::uint8_t{1});
  entries.appendU16be(id_);
  entries.appendU32be(static_cast<std::uint32_t>(std::exchange(pendingCredit_, 0)));
}

// Ends.

void MuxStream::end() {
  if (!link_ || ended_ || aborting_) return;
  ended_ = true;
  lastReceived_ = std::max(lastReceived_, loop_.now().mono);
  sendEndIfDrained();
}

void MuxStream::abort() {
  if (aborting_ || closedTold_) return;
  aborting_ = true;
  if (!link_ || lingering_) return close(Errc::Aborted);
  limit_ = loop_.now().mono + kLastWords;
  sendEndIfDrained();
  watch();
}

void MuxStream::sendEndIfDrained() {
  if (!link_ || !out_.empty() || !outDatagrams_.empty()) return;
  if (aborting_) {
    sendEnd(!packets_);
    close(Errc::Aborted);
  } else if (!ended_ || endSent_) {
    return;
  } else if (packets_) {
    sendEnd(false);
    remoteEnded_ = true;
    close({});
  } else if (halfClose_) {
    endSent_ = true;
    link_->sendShort(id_, Status::Keep, option::kHalfClose);
    if (remoteEnded_) close({});
  } else if (link_->holdsEndsBack()) {
    watch();
  } else {
    // The peer forgets the session now.  Its own End tells that it has; data that still comes tells
    // that something was cut.
    sendEnd(false);
    lingering_ = true;
    limit_ = loop_.now().mono + kLastWords;
    watch();
  }
}

void MuxStream::sendEnd(bool error) {
  endSent_ = true;
  link_->sendShort(id_, Status::End, error ? option::kError : std::uint8_t{0});
}

void MuxStream::receiveHalfClose() {
  if (!halfClose_ || remoteEnded_ || closed_) return;
  remoteEnded_ = true;
  deliverLater();
  if (endSent_) close({});
}

void MuxStream::receiveEnd(bool error) {
  if (lingering_) return finishLinger();
  sendEnd(aborting_ && !packets_);
  if (aborting_) return close(Errc::Aborted);
  if (error) return close(Errc::Reset);
  remoteEnded_ = true;
  close({});
}

void MuxStream::finishLinger() {
  remoteEnded_ = !cut_;
  close(cut_ ? make_error_code(Errc::Reset) : std::error_code());
}

void MuxStream::loseLink(std::error_code why) {
  if (lingering_) return finishLinger();
  close(aborting_ ? make_error_code(Errc::Aborted) : why);
}

void MuxStream::reset(std::error_code why) {
  sendEnd(!packets_);
  close(why);
  dropQueued();
}

void MuxStream::close(std::error_code why) {
  closed_ = why;
  limit_ = loop_.now().mono + kLastWords;
  leaveLink();
  lingering_ = false;
  out_.clear();
  while (!outDatagrams_.empty()) outDatagrams_.pop();
  deliverLater();
}

void MuxStream::leaveLink() {
  if (!link_) return;
  MuxLink& link = *std::exchange(link_, nullptr);
  link.forget(*this);
}

// Inward.

void MuxStream::receive(MutableBytes data) {
  if (closed_ || aborting_) return;
  if (lingering_) {
    cut_ = true;
    return;
  }
  if (remoteEnded_) return reset(Errc::BadFrame);
  const Clock::time_point now = link_->readAt();
  if (credits_ && !receiveWindow_.receive(data.size(), now, link_->roundTrip())) {
    return reset(Errc::PeerOverran);
  }
  lastReceived_ = now;
  link_->noteMoved(*this, data.size());
  if (!paused_ && in_.empty()) {
    const std::size_t size = data.size();
    upper().onData(data);
    return took(size, false);
  }
  in_.append(data);
  link_->place_.add(data.size());
  if (QueueBudget::level() == QueueBudget::Level::Full) link_->environment_.shedder.relieve();
  checkStall();
}

void MuxStream::receiveDatagram(MutableBytes datagram) {
  if (closed_ || aborting_) return;
  link_->noteMoved(*this, 0);
  if (!paused_ && inDatagrams_.empty()) {
    upper().onData(datagram);
    return;
  }
  link_->datagramsDropped_ += inDatagrams_.push(datagram);
}

void MuxStream::pause() {
  if (!paused_) refused_ = true;
  paused_ = true;
}

void MuxStream::resume() {
  paused_ = false;
  if (!in_.empty() || !inDatagrams_.empty() || (remoteEnded_ && !endTold_) || closed_)
    deliverLater();
}

void MuxStream::onLater() {
  if (!isAttached() || closedTold_) return;
  if (!aborting_) deliverQueued();
  if (aborting_) dropQueued();
  tellEnds();
}

void MuxStream::dropQueued() {
  if (link_) link_->place_.sub(in_.size());
  in_.clear();
  while (!inDatagrams_.empty()) inDatagrams_.pop();
}

void MuxStream::deliverQueued() {
  while (!paused_ && !aborting_ && !in_.empty()) {
    Bytes block;
    static_cast<void>(in_.gather(std::span(&block, 1)));
    const std::size_t size = block.size();
    // The queue's storage is ours, and what it holds is the receiver's to decode in place.
    upper().onData({const_cast<std::uint8_t*>(block.data()), size});
    in_.consume(size);
    if (link_) link_->place_.sub(size);
    took(size, true);
  }
  while (!paused_ && !aborting_ && !inDatagrams_.empty()) {
    const auto datagram = inDatagrams_.pop();
    upper().onData(datagram->view());
  }
  checkStall();
}

void MuxStream::took(std::size_t bytes, bool waited) {
  lastTaken_ = quietSince_ = link_ && !waited ? link_->readAt() : loop_.now().mono;
  if (!link_ || !credits_ || remoteEnded_ || aborting_) return;
  const QueueBudget::Level level = QueueBudget::level();
  const std::size_t credit = receiveWindow_.take(
      bytes, {.now = lastTaken_,
              .queued = in_.size(),
              .waited = waited,
              .refused = refused_,
              .mayGrow = level == QueueBudget::Level::Calm,
              .mayCredit = level < QueueBudget::Level::ThreeQuarters || in_.empty()});
  if (credit == 0) return;
  refused_ = paused_;
  owe(credit);
}

void MuxStream::owe(std::size_t credit) {
  pendingCredit_ += credit;
  link_->writer_.sendCredit(*this);
}

void MuxStream::tellEnds() {
  const bool drained = in_.empty() && inDatagrams_.empty();
  if (drained && remoteEnded_ && !endTold_ && !paused_ && !aborting_ && !(closed_ && *closed_)) {
    endTold_ = true;
    upper().onEnd();
  }
  if (!closed_) return;
  if (*closed_) {
    if (!drained && !aborting_ && loop_.now().mono < limit_) return watch();
  } else if (!endTold_) {
    return;
  }
  closedTold_ = true;
  dropQueued();
  deadline_.disarm();
  upper().onClosed(*closed_);
}

// Sessions whose upper end does not take its data.

bool MuxStream::isDraining() const {
  return loop_.now().mono - lastTaken_ < kDrainTime;
}

bool MuxStream::isTaking() const {
  return loop_.now().mono - std::max(lastTaken_, stalledSince_) < kBrakeTime;
}

void MuxStream::checkStall() {
  if (credits_ || packets_ || !link_) return;
  if (!stalled_ && in_.size() > kStalledBytes) {
    stalled_ = true;
    stalledSince_ = quietSince_ = loop_.now().mono;
    watch();
    link_->stallChanged(true);
  } else if (stalled_ && in_.size() <= kUnstalledBytes) {
    stalled_ = false;
    link_->stallChanged(false);
  }
  const std::size_t most = braking_ ? kMostStalledBytes - kBrakeBytes : kMostStalledBytes;
  const bool brake = stalled_ && in_.size() > most;
  if (brake && !link_->isHeld() && !isTaking()) return reset(Errc::Overloaded);
  if (brake == braking_) return;
  braking_ = brake;
  watch();
  link_->brakeChanged(brake);
}

// Time.

void MuxStream::watch() {
  const Clock::time_point now = loop_.now().mono;
  Clock::time_point at = Clock::time_point::max();
  const bool lastWords = closed_ ? bool(*closed_) && !closedTold_ : aborting_ || lingering_;
  if (lastWords) at = limit_;
  if (link_ && stalled_) at = std::min<Clock::time_point>(at, quietSince_ + kMostStalledTime);
  if (link_ && braking_ && !link_->isHeld())
    at = std::min<Clock::time_point>(at, std::max(lastTaken_, stalledSince_) + kBrakeTime);
  if (link_ && ended_ && !endSent_ && !halfClose_ && !packets_) {
    at = std::min<Clock::time_point>(at, lastReceived_ + kHalfCloseLinger);
  }
  if (at != Clock::time_point::max())
    loop_.arm(deadline_, std::max(at - now, Clock::duration::zero()));
}

void MuxStream::onDeadline() {
  const Clock::time_point now = loop_.now().mono;
  if (closed_) return deliverLater();
  if (!link_) return;
  if (aborting_ && now >= limit_) {
    link_->place_.sub(out_.size());
    out_.clear();
    while (!outDatagrams_.empty()) outDatagrams_.pop();
    return sendEndIfDrained();
  }
  if (lingering_ && now >= limit_) return finishLinger();
  if (stalled_ && now - quietSince_ >= kMostStalledTime) {
    if (!link_->isHeld()) return reset(Errc::Overloaded);
    quietSince_ = now;
  }
  if (braking_ && !link_->isHeld() && !isTaking()) return reset(Errc::Overloaded);
  if (ended_ && !endSent_ && !halfClose_ && !packets_ && !aborting_) {
    if (!in_.empty() || !out_.empty()) lastReceived_ = now;  // slow, not silent
    if (now - lastReceived_ >= kHalfCloseLinger) {
      sendEnd(false);
      return close(Errc::TimedOut);
    }
  }
  watch();
}

}  // namespace culvert::mux

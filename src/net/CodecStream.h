// A Stream made of another one and a Codec.
//
// Everything whole that one read of the lower stream brings is opened in place, slid together, and
// handed up in one onData (packet codecs: one per datagram).  The rest of a cut frame waits in
// `partial_` and is put in front of the next read, in the scratch space's headroom where there is
// room.
//
// On a link, what is sent in one turn shares chunks and leaves in one send at the turn's end, at
// once when 64 KiB have come together; elsewhere every send leaves at once.
#pragma once

#include "base/Assert.h"
#include "base/Buffer.h"
#include "base/Errc.h"
#include "net/Codec.h"
#include "net/Loop.h"
#include "net/Stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace culvert {

template <Codec C>
class CodecStream final : public Stream, private Receiver {
 public:
  /// Takes the paused `lower`; `early` is what already came from it and belongs to the body.
  CodecStream(Loop& loop, StreamPtr lower, C codec, Buffer early = {})
      : loop_(&loop),
        lower_(std::move(lower)),
        codec_(std::move(codec)),
        partial_(std::move(early)) {
    lower_->attach(*this);
    unread_ = !partial_.empty();
  }

  using Stream::send;
  Flow send(Pieces pieces) override {
    if (over_ || finished_) return Flow::Open;
    const std::size_t size = sizeOf(pieces);
    if (pieces.empty() || (!codec_.packets() && size == 0)) return flow_;
    if (link_ && size >= kKeepBytes) out_.reserve(kFlushBytes + kFrameRoom);
    codec_.seal(pieces, out());
    if (!link_ || out().size() >= kFlushBytes) {
      flush();
    } else {
      loop_->atTurnEnd(flushLater_);
    }
    return flow_;
  }

  /// Sends what the codec has to say before the first payload, such as an opening.
  void sendOpening() { flush(); }
  /// The same at the end of this turn, unless payload has taken it along by then.
  void sendOpeningSoon() { loop_->atTurnEnd(flushLater_); }

  void end() override {
    if (over_ || finished_) return;
    finished_ = true;
    codec_.flush(out());
    codec_.finish(out());
    push();
    lower_->end();
  }

  void abort() override {
    if (over_) return;
    if (!finished_) flush();
    lower_->abort();  // its onClosed() becomes ours
  }

  void pause() override {
    paused_ = true;
    lower_->pause();
  }

  void resume() override {
    paused_ = false;
    if (unread_ || failure_) {
      loop_->atTurnEnd(continueLater_);  // first what we hold, then what the lower stream brings
    } else {
      lower_->resume();
    }
  }

  bool moveTo(Loop& home) override {
    CULVERT_ASSERT(paused_ && !flushLater_.isAsked() && !continueLater_.isAsked());
    if (!lower_->moveTo(home)) return false;
    loop_ = &home;
    return true;
  }

  void beLink() override {
    link_ = true;
    lower_->beLink();
  }
  void becomeKnown() override { lower_->becomeKnown(); }
  WireMeter meter() const noexcept override { return {codec_.sealed(), codec_.opened()}; }
  bool isBroken() const noexcept override { return lower_->isBroken(); }
  std::size_t queued() const noexcept override { return lower_->queued() + out_.size(); }

 private:
  static constexpr std::size_t kFlushBytes = 64 * 1024;
  static constexpr std::size_t kFrameRoom = 16 * 1024;  ///< the frame that fills it up ends behind
  static constexpr std::size_t kKeepBytes = 4 * 1024;   ///< a buffer that serves less is kept small

  /// A link's frames wait in its own buffer; everybody else's leave before send() returns, so they
  /// share one.
  Buffer& out() {
    static thread_local Buffer shared;
    return link_ ? out_ : shared;
  }

  void flush() {
    codec_.flush(out());
    push();
  }

  void push() {
    flushLater_.cancel();
    Buffer& out = this->out();
    if (out.empty()) return;
    const std::size_t size = out.size();
    flow_ = lower_->send(out.view());
    out.clear();
    if (link_ && size < kKeepBytes && out_.capacity() > kKeepBytes) out_.release();
  }

  void onData(MutableBytes data) override {
    if (over_ || ended_) return;
    if (!partial_.empty()) {
      const MutableBytes room = loop_->headroomOf(data);
      if (room.size() < partial_.size()) {
        partial_.append(data);
        openPartial();
        return;
      }
      std::copy(partial_.view().begin(), partial_.view().end(), data.data() - partial_.size());
      data = MutableBytes(data.data() - partial_.size(), data.size() + partial_.size());
      dropPartial();
    }
    const std::size_t used = openFrames(data);
    if (used < data.size() && !over_ && !ended_) partial_.append(data.subspan(used));
    settle();
  }

  void openPartial() {
    Buffer held = std::move(partial_);
    const std::size_t used = openFrames(held.bytes());
    held.consume(used);
    CULVERT_ASSERT(partial_.empty());
    if (!held.empty() && !over_ && !ended_) partial_ = std::move(held);
    settle();
  }

  /// Opens and delivers whole frames of `wire`; returns how many bytes are done with.
  std::size_t openFrames(MutableBytes wire) {
    std::size_t used = 0;
    MutableBytes joined;
    unread_ = false;
    while (used < wire.size() && !ended_) {
      if (codec_.packets() && paused_) {
        unread_ = true;
        break;
      }
      const Step step = codec_.open(wire.subspan(used));
      if (step.kind == Step::Kind::NeedMore) {
        if (wire.size() - used > C::kMaxFrameBytes) failure_ = Errc::BadFrame;
        break;
      }
      if (step.kind == Step::Kind::Failed) {
        failure_ = step.error;
        break;
      }
      used += step.used;
      if (step.kind == Step::Kind::Done) {
        ended_ = true;
        break;
      }
      if (step.plain.empty()) continue;
      if (codec_.packets()) {
        upper().onData(step.plain);
        continue;
      }
      if (joined.empty()) {
        joined = step.plain;
        continue;
      }
      std::memmove(joined.data() + joined.size(), step.plain.data(), step.plain.size());
      joined = MutableBytes(joined.data(), joined.size() + step.plain.size());
    }
    if (!joined.empty()) upper().onData(joined);
    return used;
  }

  /// Tells the upper end of an end or a failure, in its place behind the data.
  void settle() {
    if (over_) return;
    if (failure_) {
      if (paused_) return;
      fail(failure_);
    } else if (ended_ && !endTold_) {
      dropPartial();
      if (paused_) {
        unread_ = true;
        return;
      }
      endTold_ = true;
      upper().onEnd();
    } else if (ended_) {
      dropPartial();
    }
  }

  void dropPartial() {
    partial_.clear();
    if (partial_.capacity() > kKeepBytes) partial_.release();
  }

  void continueReading() {
    if (over_ || paused_) return;
    unread_ = false;
    if (!partial_.empty() && !ended_) {
      openPartial();
    } else {
      settle();
    }
    if (!over_ && !paused_) lower_->resume();
  }

  void onEnd() override {
    if (over_ || ended_) return;
    ended_ = true;
    if (!partial_.empty() || !codec_.cleanEnd()) {
      fail(Errc::Truncated);
      return;
    }
    settle();
  }

  void onRoom() override {
    flow_ = Flow::Open;
    if (!over_) upper().onRoom();
  }

  void onClosed(std::error_code why) override {
    if (over_) return;
    // The protocol's own ends count; how the transport ends after both is of no interest.
    if (why && endTold_ && finished_) why = {};
    if (!why && !endTold_) why = Errc::Truncated;
    over_ = true;
    flushLater_.cancel();
    upper().onClosed(why);
  }

  void fail(std::error_code why) {
    over_ = true;
    flushLater_.cancel();
    lower_->abort();
    upper().onClosed(why);
  }

  Loop* loop_;
  StreamPtr lower_;
  C codec_;
  Buffer partial_, out_;
  Flow flow_ = Flow::Open;
  std::error_code failure_;
  bool link_ = false, paused_ = true, unread_ = false;
  bool ended_ = false, endTold_ = false;  ///< the other end's last frame was seen, was told
  bool finished_ = false;                 ///< ours was sent
  bool over_ = false;                     ///< nothing more is told or taken

  using Self = CodecStream;
  void flushNow() { flush(); }
  TurnEndOf<Self, &Self::flushNow> flushLater_{*this};
  TurnEndOf<Self, &Self::continueReading> continueLater_{*this};
};

}  // namespace culvert

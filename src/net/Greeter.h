// Drives a Handshake on a new connection until the other end has proved who it is.
//
// A stranger learns nothing: whatever does not authenticate is read on and thrown away, at a
// bounded rate and without a buffer, until one deadline that no byte moves; then the connection
// ends with a FIN (AUTH-1 to AUTH-6).  When the stranger ends first, so do we, at once (AUTH-4).
#pragma once

#include "base/Buffer.h"
#include "base/Errc.h"
#include "net/Codec.h"
#include "net/Loop.h"
#include "net/Strangers.h"
#include "net/Stream.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace culvert {

/// Hears how a greeting ended.
template <Handshake H>
class GreetHandler {
 public:
  /// `handshake` is Done; `early` came behind the opening and is body.  The stream is paused and
  /// known.
  virtual void onGreeted(H handshake, StreamPtr stream, Buffer early, const Endpoint& source,
                         const Endpoint& local, Loop& loop) = 0;
  /// The opening failed; the stranger is kept waiting.  For the log only.
  virtual void onStranger(const Endpoint& source, std::error_code why) = 0;

 protected:
  ~GreetHandler() = default;
};

template <Handshake H>
class Greeter final : public Root, private Receiver, private Strangers::Guest {
 public:
  /// Takes the paused `stream`; `patience` is counted from now.  `handler` must outlive the greeter
  /// or stop it through Loop::stopRoots with `owner`.
  static void greet(Loop& loop, StreamPtr stream, H handshake, const Endpoint& source,
                    const Endpoint& local, Clock::duration patience, GreetHandler<H>& handler,
                    const void* owner) {
    loop.adopt(std::unique_ptr<Greeter>(new Greeter(loop, std::move(stream), std::move(handshake),
                                                    source, local, handler, owner)))
        .start(patience);
  }

  void stop(std::error_code) override { finish(); }
  const void* owner() const noexcept override { return owner_; }

 private:
  /// AUTH-6: at most 256 KiB/s of what is thrown away.
  static constexpr std::size_t kDiscardPerTick = 256 * 1024 / 10;
  /// After our FIN: how long what is still sent is taken, so that closing makes no reset.
  static constexpr std::chrono::seconds kAfterFin{5};

  Greeter(Loop& loop, StreamPtr stream, H handshake, const Endpoint& source, const Endpoint& local,
          GreetHandler<H>& handler, const void* owner)
      : loop_(loop),
        stream_(std::move(stream)),
        handshake_(std::move(handshake)),
        source_(source),
        local_(local),
        handler_(handler),
        owner_(owner) {}

  void start(Clock::duration patience) {
    ticket_ = Strangers::ofProcess().admit(*this, loop_, source_.ip);
    stream_->attach(*this);
    loop_.arm(deadline_, patience);
    stream_->resume();
  }

  void onData(MutableBytes data) override {
    if (done_) return;
    if (failed_) return discard(data.size());
    // The common case, the whole opening in one read, is judged where it lies.
    const bool fresh = opening_.empty();
    if (!fresh) opening_.append(data);
    const MutableBytes all = fresh ? data : opening_.bytes();
    const Step step = handshake_.advance(all, loop_.now());
    switch (step.kind) {
      case Step::Kind::Done: {
        Buffer early;
        early.append(all.subspan(step.used));
        opening_ = std::move(early);
        return greeted();
      }
      case Step::Kind::NeedMore:
        if (all.size() >= H::kMaxOpeningBytes) return fail(Errc::BadHeader, data.size());
        if (fresh) opening_.append(data);
        return;
      case Step::Kind::Frame:
      case Step::Kind::Failed:
        return fail(step.error, data.size());
    }
  }

  void greeted() {
    done_ = true;
    deadline_.disarm();
    ticket_.reset();
    stream_->pause();
    // The stream may change hands, and threads, only when it is not in a call on us.
    loop_.atTurnEnd(handOver_);
  }
  void handOver() {
    stream_->becomeKnown();
    handler_.onGreeted(std::move(handshake_), std::move(stream_), std::move(opening_), source_,
                       local_, loop_);
    loop_.retire(*this);
  }

  void fail(std::error_code why, std::size_t size) {
    failed_ = true;
    opening_.release();
    handler_.onStranger(source_, why);
    discard(size);
  }

  void discard(std::size_t size) {
    discarded_ += size;
    if (discarded_ < kDiscardPerTick || done_) return;
    discarded_ = 0;
    stream_->pause();
    loop_.arm(slowDown_, Loop::kTick);
  }
  void readOn() {
    if (stream_) stream_->resume();
  }

  void onEnd() override {
    if (done_) return;
    stream_->end();
    // Both ends are done: onClosed follows.
  }
  void onRoom() override {}
  void onClosed(std::error_code) override {
    handOver_.cancel();
    finish();
  }

  void leave() override { onDeadline(); }

  void onDeadline() {
    if (!stream_ || done_) return finish();
    if (finSent_) return finish();
    finSent_ = true;
    failed_ = true;
    opening_.release();
    ticket_.reset();
    stream_->end();
    stream_->resume();
    loop_.arm(deadline_, kAfterFin);
  }

  void finish() {
    done_ = true;
    ticket_.reset();
    loop_.retire(*this);
  }

  Loop& loop_;
  StreamPtr stream_;
  H handshake_;
  const Endpoint source_, local_;
  GreetHandler<H>& handler_;
  const void* const owner_;
  Strangers::TicketPtr ticket_;
  Buffer opening_;  ///< what came so far; once greeted, what came behind the opening
  std::size_t discarded_ = 0;
  bool failed_ = false, finSent_ = false, done_ = false;
  DeadlineOf<Greeter, &Greeter::onDeadline> deadline_{*this};
  DeadlineOf<Greeter, &Greeter::readOn> slowDown_{*this};
  TurnEndOf<Greeter, &Greeter::handOver> handOver_{*this};
};

}  // namespace culvert

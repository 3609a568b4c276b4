#include "net/Relay.h"

#include "base/Errc.h"
#include "base/Pooled.h"

#include <algorithm>
#include <utility>

namespace culvert {
namespace {

class Relay final : public Root, public Pooled<Relay> {
 public:
  Relay(Loop& loop, StreamPtr visitor, StreamPtr target, const RelayOptions& options,
        std::unique_ptr<RelayObserver> observer)
      : loop_(loop),
        options_(options),
        observer_(std::move(observer)),
        visitor_(*this, std::move(visitor)),
        target_(*this, std::move(target)) {}

  ~Relay() override {
    if (observer_) finishRecord(Errc::Stopped);
  }

  void start() {
    visitor_.start();
    target_.start();
    touch();
    watch();
  }

  void stop(std::error_code why) override { close(why); }
  const void* owner() const noexcept override { return options_.owner; }

 private:
  /// One side: hears its own stream and speaks to the other side's.
  class Half final : public Receiver {
   public:
    Half(Relay& relay, StreamPtr stream) : relay_(relay), stream_(std::move(stream)) {}
    Half(const Half&) = delete;
    Half& operator=(const Half&) = delete;

    void start() {
      stream_->attach(*this);
      stream_->resume();
    }

    void onData(MutableBytes data) override {
      relay_.touch();
      Half& peer = relay_.peerOf(*this);
      if (lingering_) {
        lingeredBytes_ += data.size();
        if (lingeredBytes_ > lingerLimit()) relay_.close({});
        return;
      }
      if (peer.closed_) return;
      bytes_ += data.size();
      if (peer.stream_->send(Bytes(data)) == Flow::Full && !held_) {
        held_ = true;
        stream_->pause();
        if (this == &relay_.visitor_) relay_.watch();
      }
    }

    void onEnd() override {
      if (ended_) return;
      ended_ = true;
      relay_.touch();
      Half& peer = relay_.peerOf(*this);
      if (!peer.closed_ && !lingering_) peer.stream_->end();
      relay_.watch();
    }

    void onRoom() override {
      relay_.touch();
      relay_.peerOf(*this).release();
    }

    void onClosed(std::error_code why) override {
      if (closed_) return;
      closed_ = true;
      relay_.sideClosed(*this, why);
    }

    void release() {
      if (!held_ || closed_) return;
      held_ = false;
      stream_->resume();
    }

    /// The flow is over: what still comes is thrown away.
    void linger() {
      lingering_ = true;
      release();
    }

    std::size_t lingerLimit() const {
      return this == &relay_.target_ ? relay_.options_.targetLingerBytes : SIZE_MAX;
    }

    Relay& relay_;
    StreamPtr stream_;
    std::uint64_t bytes_ = 0, lingeredBytes_ = 0;
    bool held_ = false;    ///< paused because the other side's stream is full
    bool ended_ = false;   ///< it will send no more
    bool closed_ = false;  ///< its stream is over
    bool lingering_ = false;
  };

  /// An aborted stream tells of its end within a second; this is for one that does not.
  static constexpr std::chrono::seconds kAbortPatience{5};
  /// A paused visitor is asked so often whether it is still there.  A target is not: the last it
  /// has sent is the visitor's.
  static constexpr std::chrono::seconds kLookEvery{1};

  Half& peerOf(const Half& half) noexcept { return &half == &visitor_ ? target_ : visitor_; }
  void touch() { lastMove_ = loop_.now().mono; }

  void sideClosed(Half& half, std::error_code why) {
    if (why && !why_ && !half.lingering_) why_ = why;
    Half& peer = peerOf(half);
    if (peer.closed_) {
      close(why_);
    } else if (why && !half.lingering_) {
      aborting_ = true;
      peer.stream_->abort();
      watch();
    } else if (!peer.ended_) {
      if (!half.ended_) peer.stream_->end();
      peer.linger();
      watch();
    }
  }

  bool lingering() const noexcept { return visitor_.lingering_ || target_.lingering_; }

  /// A side that has not taken everything yet, or will not take more now, is slow, not idle.
  bool isSlow() const {
    return visitor_.held_ || target_.held_ || visitor_.stream_->queued() > 0 ||
           target_.stream_->queued() > 0;
  }

  Clock::duration patience() const {
    if (aborting_) return kAbortPatience;
    if (visitor_.lingering_) return options_.visitorLinger;
    if (target_.lingering_) return options_.targetLinger;
    if (visitor_.ended_ || target_.ended_) return options_.halfClosed;
    return target_.bytes_ > 0 ? options_.idle : options_.idleUnanswered;
  }

  void watch() { watch(patience()); }
  void watch(Clock::duration patience) {
    const bool mustLook = visitor_.held_ && !visitor_.closed_;
    loop_.arm(deadline_, mustLook ? std::min<Clock::duration>(patience, kLookEvery) : patience);
  }

  void onDeadline() {
    if (aborting_) return close(why_);
    if (visitor_.held_ && !visitor_.closed_ && visitor_.stream_->isBroken())
      return visitor_.onClosed(Errc::Reset);
    if (isSlow()) {
      if (!visitor_.lingering_ && !target_.lingering_) touch();
      if (!target_.lingering_) return watch();
    }
    const Clock::duration quiet = loop_.now().mono - lastMove_;
    // Lingering ends on time, however much is still said.
    if (lingering()) return close(why_);
    const Clock::duration left = patience() - quiet;
    if (left > Clock::duration::zero()) {
      watch(left);
    } else {
      close(Errc::Idle);
    }
  }

  /// Destroys both streams: a reset for what has not ended.
  void close(std::error_code why) {
    finishRecord(why);
    loop_.retire(*this);
  }

  void finishRecord(std::error_code why) {
    if (!observer_) return;
    const std::unique_ptr<RelayObserver> observer = std::move(observer_);
    observer->onRelayDone({visitor_.bytes_, target_.bytes_, why});
  }

  Loop& loop_;
  const RelayOptions options_;
  std::unique_ptr<RelayObserver> observer_;
  Half visitor_, target_;
  Clock::time_point lastMove_{};
  std::error_code why_;
  bool aborting_ = false;
  DeadlineOf<Relay, &Relay::onDeadline> deadline_{*this};
};

}  // namespace

Root& joinRelay(Loop& loop, StreamPtr visitor, StreamPtr target, const RelayOptions& options,
                std::unique_ptr<RelayObserver> observer) {
  auto relay = std::make_unique<Relay>(loop, std::move(visitor), std::move(target), options,
                                       std::move(observer));
  Relay& joined = loop.adopt(std::move(relay));
  joined.start();
  return joined;
}

}  // namespace culvert

#include "net/Ferry.h"

#include "base/Errc.h"
#include "net/ChunkQueue.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace culvert {
namespace {

constexpr std::size_t kFullBytes = 256 * 1024;
constexpr std::size_t kRoomBytes = 64 * 1024;

class End;

/// What one end has been sent and has not heard yet.
struct Inbox {
  explicit Inbox(bool packets) : queue(packets) {}
  std::mutex mutex;
  ChunkQueue queue;                    // guarded by mutex, as all below
  bool ended = false, closed = false;  ///< behind the queue
  std::error_code why;
  bool room = false;      ///< the other end has drained what we sent
  bool toldFull = false;  ///< whoever fills this box waits for room
  End* owner = nullptr;   ///< set and cleared on its loop's thread
};

class End final : public Stream {
 public:
  End(Loop& loop, Loop& peerLoop, std::shared_ptr<Inbox> in, std::shared_ptr<Inbox> out,
      bool packets)
      : loop_(loop),
        peerLoop_(peerLoop),
        in_(std::move(in)),
        out_(std::move(out)),
        packets_(packets) {
    in_->owner = this;
  }

  ~End() override {
    in_->owner = nullptr;
    if (!over_)
      tell([](Inbox& box) {
        box.closed = true;
        box.why = Errc::Reset;
      });
  }

  using Stream::send;
  Flow send(Pieces pieces) override {
    if (ending_ || over_ || aborting_) return Flow::Open;
    Flow flow = Flow::Open;
    tell([&](Inbox& box) {
      if (!pieces.empty() && (packets_ || sizeOf(pieces) > 0)) box.queue.push(pieces);
      box.toldFull = box.queue.size() > kFullBytes;
      if (box.toldFull) flow = Flow::Full;
    });
    return flow;
  }

  void end() override {
    if (ending_ || over_) return;
    ending_ = true;
    tell([](Inbox& box) { box.ended = true; });
    loop_.atTurnEnd(turnEnd_);
  }

  void abort() override {
    if (over_ || aborting_) return;
    aborting_ = true;
    tell([](Inbox& box) {
      box.closed = true;
      box.why = Errc::Reset;
    });
    loop_.atTurnEnd(turnEnd_);
  }

  void pause() override { paused_ = true; }
  void resume() override {
    paused_ = false;
    loop_.atTurnEnd(turnEnd_);
  }
  bool moveTo(Loop& home) override { return &home == &loop_; }
  void beLink() override {}
  std::size_t queued() const noexcept override {
    const std::lock_guard<std::mutex> lock(out_->mutex);
    return out_->queue.size();
  }

 private:
  /// Changes the other end's inbox and wakes the other end.
  template <class Change>
  void tell(Change change) {
    {
      const std::lock_guard<std::mutex> lock(out_->mutex);
      change(*out_);
    }
    peerLoop_.post([box = out_] {
      if (box->owner) box->owner->hear();
    });
  }

  void hear() { loop_.atTurnEnd(turnEnd_); }

  void onTurnEnd() {
    if (over_ || !isAttached()) return;
    if (aborting_) {
      over_ = true;
      upper().onClosed(Errc::Aborted);
      return;
    }
    std::optional<ChunkQueue> arrived;
    bool ended = false, closed = false, room = false;
    std::error_code why;
    {
      const std::lock_guard<std::mutex> lock(in_->mutex);
      room = std::exchange(in_->room, false);
      closed = in_->closed;
      why = in_->why;
      ended = in_->ended;
      if (!paused_ && !in_->queue.empty()) {
        arrived.emplace(std::move(in_->queue));
        in_->queue = ChunkQueue(packets_);
      }
    }
    if (arrived) {
      arrived->drain([this] { return !paused_; },
                     [this](MutableBytes data) { upper().onData(data); });
      giveBack(std::move(*arrived));
    }
    if (over_) return;
    if (room) upper().onRoom();
    bool empty = false;
    {
      const std::lock_guard<std::mutex> lock(in_->mutex);
      empty = in_->queue.empty();
    }
    if (ended && empty && !paused_ && !ended_) {
      ended_ = true;
      upper().onEnd();
    }
    if (closed) {
      over_ = true;
      upper().onClosed(why);
    } else if (ended_ && ending_) {
      over_ = true;
      upper().onClosed({});
    }
  }

  /// Puts what a pause left over back in front, and tells the sender when there is room again.
  void giveBack(ChunkQueue rest) {
    bool tellRoom = false;
    {
      const std::lock_guard<std::mutex> lock(in_->mutex);
      if (!rest.empty()) {
        in_->queue.drain([] { return true; },
                         [&](MutableBytes data) {
                           const Bytes later(data);
                           rest.push(Pieces(&later, 1));
                         });
        in_->queue = std::move(rest);
      }
      tellRoom = in_->toldFull && in_->queue.size() < kRoomBytes;
      if (tellRoom) in_->toldFull = false;
    }
    if (tellRoom) tell([](Inbox& box) { box.room = true; });
  }

  Loop& loop_;
  Loop& peerLoop_;
  std::shared_ptr<Inbox> in_, out_;
  const bool packets_;
  bool paused_ = true, ending_ = false, ended_ = false, aborting_ = false, over_ = false;
  TurnEndOf<End, &End::onTurnEnd> turnEnd_{*this};
};

}  // namespace

std::pair<StreamPtr, StreamPtr> makeFerry(Loop& here, Loop& there, Carries carries) {
  const bool packets = carries == Carries::Packets;
  auto toHere = std::make_shared<Inbox>(packets), toThere = std::make_shared<Inbox>(packets);
  return {std::make_unique<End>(here, there, toHere, toThere, packets),
          std::make_unique<End>(there, here, toThere, toHere, packets)};
}

}  // namespace culvert

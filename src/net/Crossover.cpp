#include "net/Crossover.h"

#include "base/Buffer.h"
#include "base/Errc.h"
#include "net/ChunkQueue.h"

#include <memory>
#include <utility>

namespace culvert {
namespace {

class End final : public Stream {
 public:
  End(Loop& loop, Carries carries)
      : loop_(loop), packets_(carries == Carries::Packets), queue_(packets_) {}

  ~End() override {
    if (!peer_) return;
    // What was sent is still delivered; then the other end hears how this one went.
    peer_->peerGone_ = true;
    peer_->peerWhy_ = over_ ? std::error_code() : make_error_code(Errc::Reset);
    peer_->peer_ = nullptr;
    peer_->later();
  }

  static void join(End& a, End& b) {
    a.peer_ = &b;
    b.peer_ = &a;
  }

  using Stream::send;
  Flow send(Pieces pieces) override {
    if (!peer_ || ending_ || over_) return Flow::Open;
    if (pieces.empty() || (!packets_ && sizeOf(pieces) == 0)) return peer_->answer();
    const bool mine = std::exchange(inCall_, true);
    peer_->take(pieces);
    inCall_ = mine;
    return peer_ ? peer_->answer() : Flow::Open;
  }

  void end() override {
    if (ending_ || over_) return;
    ending_ = true;
    if (peer_) peer_->later();
    later();
  }

  void abort() override {
    if (over_) return;
    aborting_ = true;
    if (peer_) {
      peer_->peerGone_ = true;
      peer_->peerWhy_ = Errc::Reset;
      peer_->later();
    }
    later();
  }

  void pause() override { paused_ = true; }
  void resume() override {
    paused_ = false;
    if (queue_.empty()) tellRoom();
    later();
  }
  bool moveTo(Loop& home) override { return &home == &loop_; }
  void beLink() override {}
  std::size_t queued() const noexcept override { return peer_ ? peer_->queue_.size() : 0; }

 private:
  Flow answer() {
    if (!paused_ && queue_.empty()) return Flow::Open;
    toldFull_ = true;
    return Flow::Full;
  }

  void take(Pieces pieces) {
    if (paused_ || inCall_ || delivering_ || !queue_.empty() || !isAttached()) {
      queue_.push(pieces);
      later();
      return;
    }
    delivering_ = true;
    if (!packets_) {
      for (const Bytes piece : pieces) {
        if (piece.empty()) continue;
        if (paused_) {
          queue_.push(Pieces(&piece, 1));
        } else {
          upper().onData(writable(piece));
        }
      }
    } else if (pieces.size() == 1) {
      upper().onData(writable(pieces.front()));
    } else {
      Buffer whole;
      for (const Bytes piece : pieces) whole.append(piece);
      upper().onData(whole.bytes());
    }
    delivering_ = false;
  }

  static MutableBytes writable(Bytes bytes) noexcept {
    return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};  // the contract of send() here
  }

  void later() { loop_.atTurnEnd(turnEnd_); }

  void onTurnEnd() {
    if (over_ || !isAttached()) return;
    if (aborting_) {
      over_ = true;
      upper().onClosed(Errc::Aborted);
      return;
    }
    if (!paused_) {
      delivering_ = true;
      queue_.drain([this] { return !paused_; },
                   [this](MutableBytes data) { upper().onData(data); });
      delivering_ = false;
    }
    if (!paused_ && queue_.empty()) {
      tellRoom();
      if (peer_ && peer_->ending_ && !ended_) {
        ended_ = true;
        upper().onEnd();
      }
    }
    if (over_) return;
    if (peerGone_ && (peerWhy_ || queue_.empty())) {
      if (!peerWhy_ && !ended_) {
        ended_ = true;
        upper().onEnd();
      }
      over_ = true;
      upper().onClosed(peerWhy_);
    } else if (ended_ && ending_ && peer_ && peer_->ended_) {
      over_ = true;
      upper().onClosed({});
      peer_->later();
    } else if (ended_ && ending_ && peer_) {
      peer_->later();
    }
  }

  void tellRoom() {
    if (!toldFull_ || !peer_ || peer_->inCall_ || peer_->delivering_) return;
    toldFull_ = false;
    peer_->hearRoom();
  }

  void hearRoom() {
    if (!over_ && !aborting_ && isAttached()) upper().onRoom();
  }

  Loop& loop_;
  const bool packets_;
  End* peer_ = nullptr;
  ChunkQueue queue_;  ///< sent by the peer, not yet delivered here
  bool paused_ = true;
  bool inCall_ = false;      ///< our receiver is in a send() on us
  bool delivering_ = false;  ///< we are in a call on our receiver
  bool toldFull_ = false;    ///< the peer's sender waits for onRoom
  bool ending_ = false;      ///< end() was called here
  bool ended_ = false;       ///< onEnd() was told here
  bool aborting_ = false, peerGone_ = false, over_ = false;
  std::error_code peerWhy_;
  TurnEndOf<End, &End::onTurnEnd> turnEnd_{*this};
};

}  // namespace

std::pair<StreamPtr, StreamPtr> makeCrossover(Loop& loop, Carries carries) {
  auto a = std::make_unique<End>(loop, carries), b = std::make_unique<End>(loop, carries);
  End::join(*a, *b);
  return {std::move(a), std::move(b)};
}

}  // namespace culvert

// The two ends of a stream under test: FakeStream is a lower end that records what is sent and
// injects what arrives; FakeReceiver is an upper end that records what is heard.
#pragma once

#include "base/Bytes.h"
#include "base/Errc.h"
#include "net/Loop.h"
#include "net/Stream.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace culvert::test {

/// What a FakeStream has been asked to do; outlives the stream, which its owner may destroy.
struct StreamLog {
  std::string sent;                  ///< all bytes
  std::vector<std::string> packets;  ///< each send() joined
  bool ended = false, aborted = false, destroyed = false, isLink = false, known = false;
  bool paused = true;
  Loop* movedTo = nullptr;
};

class FakeStream final : public Stream {
 public:
  FakeStream(Loop& loop, StreamLog& log) : loop_(loop), log_(log) {}
  ~FakeStream() override { log_.destroyed = true; }

  using Stream::send;
  Flow send(Pieces pieces) override {
    if (pieces.empty()) return flow_;
    std::string packet;
    for (const Bytes piece : pieces) packet += asText(piece);
    log_.sent += packet;
    log_.packets.push_back(std::move(packet));
    if (fullIn > 0 && --fullIn == 0) flow_ = Flow::Full;
    return flow_;
  }
  void end() override { log_.ended = true; }
  void abort() override {
    log_.aborted = true;
    loop_.post([this, mooring = anchor_.mooring()] {
      if (mooring.holds()) injectClosed(Errc::Aborted);
    });
  }
  void pause() override { log_.paused = true; }
  void resume() override { log_.paused = false; }
  bool moveTo(Loop& home) override {
    log_.movedTo = &home;
    return movable;
  }
  void beLink() override { log_.isLink = true; }
  void becomeKnown() override { log_.known = true; }
  bool isBroken() const noexcept override { return broken; }
  std::size_t queued() const noexcept override { return queuedBytes; }

  /// What arrives.  The bytes are copied first: a receiver may decode in place.
  void inject(std::string_view data) {
    std::string copy(data);
    upper().onData({reinterpret_cast<std::uint8_t*>(copy.data()), copy.size()});
  }
  void inject(Bytes data) { inject(asText(data)); }
  /// The same without a copy, as a socket hands up its loop's scratch space.
  void injectInPlace(MutableBytes data) { upper().onData(data); }
  void injectEnd() { upper().onEnd(); }
  void injectClosed(std::error_code why = {}) {
    if (!std::exchange(closed_, true)) upper().onClosed(why);
  }
  /// From now on send() answers `flow`; going from Full to Open tells the receiver.
  void setFlow(Flow flow) {
    const bool drained = flow_ == Flow::Full && flow == Flow::Open;
    flow_ = flow;
    if (drained) upper().onRoom();
  }

  std::size_t fullIn = 0;  ///< so many sends until it answers Full by itself; 0: it does not
  std::size_t queuedBytes = 0;
  bool movable = true, broken = false;

 private:
  Loop& loop_;
  StreamLog& log_;
  Flow flow_ = Flow::Open;
  bool closed_ = false;
  Anchor anchor_;
};

class FakeReceiver final : public Receiver {
 public:
  void onData(MutableBytes data) override {
    received += asText(data);
    packets.emplace_back(asText(data));
    if (onEachData) onEachData();
  }
  void onEnd() override { ended = true; }
  void onRoom() override { ++rooms; }
  void onClosed(std::error_code why) override { closed = why; }

  std::string received;
  std::vector<std::string> packets;
  bool ended = false;
  int rooms = 0;
  std::optional<std::error_code> closed;  ///< set once over; holds an empty code after a clean end
  std::function<void()> onEachData;
};

}  // namespace culvert::test

// A visitor that asks, waits for the answer, and asks again: on one connection, or on a new one
// each time.
//
//   Resting ──begin──> Connecting ──> Talking ──all heard, kept──> Resting
//                                        └──all heard, closing──> Closing ──the peer's end──>
//                                        Resting
//
// A closing visitor ends its stream first and waits for the peer's end, so that no connection is
// reset.
#pragma once

#include "bench/load/Dialogue.h"
#include "bench/load/Poller.h"
#include "bench/load/Socket.h"

#include <cstdint>
#include <memory>
#include <string>

namespace culvert::load {

enum class Connections { Kept, EachTime };

class Visitor final : public Handler {
 public:
  /// Is told what becomes of exchanges.  None of these is called within begin() or expire().
  class Host {
   public:
    virtual ~Host() = default;
    virtual void answered(nanoseconds sinceBegin) = 0;
    /// The exchange is over; the visitor rests, and may begin again at once.
    virtual void finished(Visitor& visitor, nanoseconds sinceBegin) = 0;
    /// The connection is gone, in an exchange or while it was kept.  `begin` may not be called
    /// here.
    virtual void failed(Visitor& visitor, std::string why) = 0;
  };

  Visitor(Poller& poller, Dialer& dialer, Host& host, std::unique_ptr<Dialogue> dialogue,
          Connections connections) noexcept;

  /// Begins an exchange at `now`.  A call that fails at once is reported in the next turn.
  void begin(TimePoint now);
  /// Gives up an exchange that began before `before`; whether there was one.
  bool expire(TimePoint before);

  std::uint64_t finishedCount() const noexcept { return finished_; }
  bool isResting() const noexcept { return state_ == State::Resting; }

  void note(unsigned side, std::uint32_t events) override;
  Progress work() override;

 private:
  enum class State { Resting, Connecting, Talking, Closing };

  bool isConnected();
  void speak();
  void listen();
  void heardAll();
  void reset() noexcept;
  void fail(std::string why);
  void rest();

  Poller& poller_;
  Dialer& dialer_;
  Host& host_;
  std::unique_ptr<Dialogue> dialogue_;
  const Connections connections_;
  State state_ = State::Resting;
  Dialer::Call call_;
  Readiness ready_;
  Bytes unsaid_;
  TimePoint begun_;
  std::uint64_t finished_ = 0;
};

}  // namespace culvert::load

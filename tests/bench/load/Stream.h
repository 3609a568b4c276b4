// A connection that carries bytes one way: a download that only counts them, or an upload of the
// pattern.
#pragma once

#include "bench/load/Clock.h"
#include "bench/load/Poller.h"
#include "bench/load/Socket.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace culvert::load {

class Arguments;

enum class Direction { Up, Down };

/// The value of --direction.
Direction directionFrom(Arguments& arguments, std::optional<Direction> otherwise = std::nullopt);

class Stream final : public Handler {
 public:
  static constexpr std::uint64_t kEndless = ~std::uint64_t{0};

  /// Carries `bytes`.  A finite download ends with its last byte, and is closed then; a finite
  /// upload with the sink's word that it got as many.
  Stream(Poller& poller, Dialer& dialer, Direction direction, std::uint64_t bytes = kEndless);

  bool isConnected() const noexcept { return isConnected_; }
  bool isDone() const noexcept { return isDone_; }
  /// Why it ended too early; empty if it did not.
  const std::string& failure() const noexcept { return failure_; }
  /// Bytes received, or bytes sent that have left this socket.
  std::uint64_t bytes() const noexcept;

  // Since the call began.
  nanoseconds untilFirstByte() const noexcept { return firstByte_ - begun_; }  // received
  nanoseconds untilDone() const noexcept { return done_ - begun_; }

  void note(unsigned side, std::uint32_t events) override;
  Progress work() override;

 private:
  Progress send();
  Progress take();
  Progress takeReceipt();
  Progress end(std::string failure);

  const Direction direction_;
  const std::uint64_t limit_;
  const TimePoint begun_;
  Dialer::Call call_;
  const Address to_;
  Readiness ready_;
  bool isConnected_ = false;
  bool isDone_ = false;
  std::uint64_t moved_ = 0;
  std::array<std::byte, 8> receipt_{};
  std::size_t receiptBytes_ = 0;
  TimePoint firstByte_, done_;
  std::string failure_;
};

}  // namespace culvert::load

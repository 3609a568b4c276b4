// Credit: how much one end of a session may send before the other has taken what came (both ends
// Culvert).
//
// A receiver starts by allowing 256 KiB and returns credit for what its own side took, an eighth of
// the window or 64 KiB at a time.  While half a window comes in two round trips and the receiver's
// side refused nothing, it returns four times as much, so that the window stays ahead of TCP's,
// which doubles each round trip in slow start: freely to 512 KiB, then from a pool of the process,
// to 4 MiB.  Where half a window takes longer, it returns less than was taken until that is so
// again.  On a long path the first credit comes too late: a larger window goes out with the
// session's beginning.  A session that took nothing for 2 s falls back to the first window by use:
// what it takes then is not returned.
//
// Whoever has not taken 1 MiB may be about to fall asleep.  What such windows grow by beyond 512
// KiB is limited to 8 MiB in the whole process, each at most half of what is left of that (F-SLOW);
// half of the 8 MiB is kept from sessions that have only begun, which may never ask for anything.
#pragma once

#include "base/Clock.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace culvert::mux {

constexpr std::size_t kFirstWindowBytes = 256 * 1024;
constexpr std::size_t kFreeWindowBytes = 512 * 1024;
constexpr std::size_t kMaxWindowBytes = 4 * 1024 * 1024;
constexpr std::size_t kTrustedBytes = 1024 * 1024;  ///< taken by one that is no sleeper
constexpr std::size_t kMaxCreditBytes = std::size_t{1} << 31;

/// What all windows of the process may grow by beyond kFreeWindowBytes each.  Thread-safe.
class GrowthPool {
 public:
  static constexpr std::size_t kLeastBytes = 8 * 1024 * 1024;

  /// A quarter of LIM-10, at least kLeastBytes.
  bool take(std::size_t bytes) noexcept;
  void give(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

  /// For a window whose session is not trusted yet: how much of `bytes` it may grow by, while all
  /// such hold less than `limit`, at most kLeastBytes.
  std::size_t takeEarly(std::size_t bytes, std::size_t limit = kLeastBytes) noexcept;
  void giveEarly(std::size_t bytes) noexcept { early_.fetch_sub(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t usedEarly() const noexcept {
    return early_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::size_t> used_{0}, early_{0};
};

class SendWindow {
 public:
  /// From now on at most `bytes` may be sent until credit comes; before, any number.
  void limit(std::size_t bytes) noexcept {
    limited_ = true;
    left_ = bytes;
  }
  [[nodiscard]] std::size_t left() const noexcept { return limited_ ? left_ : SIZE_MAX; }
  void use(std::size_t bytes) noexcept {
    if (limited_) left_ -= bytes;
  }
  /// False: the peer allows more than any window may be.
  bool add(std::size_t credit) noexcept {
    if (!limited_) return true;
    left_ += credit;
    return left_ <= kMaxCreditBytes;
  }

 private:
  bool limited_ = false;
  std::size_t left_ = 0;
};

class ReceiveWindow {
 public:
  /// `pool` outlives the window.
  explicit ReceiveWindow(GrowthPool& pool) noexcept : pool_(pool) {}
  ReceiveWindow(const ReceiveWindow&) = delete;
  ReceiveWindow& operator=(const ReceiveWindow&) = delete;
  ~ReceiveWindow() {
    pool_.give(reserved_);
    pool_.giveEarly(early_);
  }

  /// The session begins on a link of this round trip.  Returns the credit to send now; 0: none.
  std::size_t begin(Clock::duration roundTrip) noexcept;
  /// `bytes` came; `roundTrip` is the link's, as far as known.  False: more than was allowed.
  bool receive(std::size_t bytes, Clock::time_point now, Clock::duration roundTrip) noexcept;

  struct Situation {
    Clock::time_point now;
    std::size_t queued = 0;  ///< bytes still waiting to be taken
    bool waited = false;     ///< what was taken had been waiting
    bool refused = false;    ///< our side paused since the last credit
    bool mayGrow = true;     ///< memory allows
    bool mayCredit = true;
  };
  /// `bytes` were taken.  Returns the credit to send now; 0: not yet.
  std::size_t take(std::size_t bytes, const Situation& situation) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  enum class Pace : std::uint8_t { Unknown, Fast, Slow };

  void grow(std::size_t wanted, std::size_t earlyLimit = GrowthPool::kLeastBytes) noexcept;
  void trust() noexcept;
  void settleReserve(std::size_t queued) noexcept;

  GrowthPool& pool_;
  std::size_t size_ = kFirstWindowBytes;
  std::size_t unused_ = kFirstWindowBytes;  ///< allowed and not received yet
  std::size_t reserved_ = 0, early_ = 0;    ///< of the pool
  std::size_t untrusted_ = kTrustedBytes;   ///< still to be taken
  std::size_t takenSinceCredit_ = 0;
  std::size_t sample_ = 0;  ///< received since sampleBegan_
  Clock::time_point sampleBegan_{}, lastReceived_{}, lastTaken_{};
  Pace pace_ = Pace::Unknown;
  bool pathIsLong_ = false;
};

}  // namespace culvert::mux

// Which sessions of a link have moved bytes lately, and which of them are bulk: what new sessions
// and new links are placed by.
//
// Time is counted in epochs of a second, which turn when the link looks at the clock.
#pragma once

#include "base/Clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace culvert::mux {

class Activity {
 public:
  static constexpr std::size_t kBulkBytes = 512 * 1024;  ///< in one epoch
  static constexpr std::chrono::seconds kEpoch{1};

  /// A session, as it is counted here.
  class Member {
   public:
    [[nodiscard]] bool isBulk() const noexcept { return bulk_; }

   private:
    friend class Activity;
    std::uint32_t epoch_ = 0;  ///< in which bytes moved last; 0: none yet
    std::uint32_t bytes_ = 0;  ///< moved in it
    bool bulk_ = false, settled_ = false;
  };

  /// `member` has begun or moved `bytes`.  True: that made it bulk.
  bool note(Member& member, std::size_t bytes);
  void forget(Member& member) noexcept;
  /// Begins the next epoch when it is time; false: it is not.  Who moved less than kBulkBytes in
  /// the last one is no longer bulk.
  bool turn(Clock::time_point now);
  /// All that are bulk now count as settled, too.
  void settle() noexcept;

  /// Members that have begun or moved bytes in this epoch or the one before.
  [[nodiscard]] std::size_t active() const noexcept { return active_ + activeBefore_; }
  [[nodiscard]] std::size_t bulk() const noexcept { return bulk_.size(); }
  [[nodiscard]] std::size_t settledBulk() const noexcept { return settled_; }

 private:
  void calm(Member& member) noexcept;

  std::vector<Member*> bulk_;
  std::size_t settled_ = 0;                    ///< of them
  std::size_t active_ = 0, activeBefore_ = 0;  ///< by the last epoch in which they moved bytes
  std::uint32_t epoch_ = 2;                    ///< more than one after a new member's
  Clock::time_point epochBegan_{};
};

}  // namespace culvert::mux

// How many bytes wait in queues of this process, and how many may (LIM-10).
//
// Everything that queues payload counts it here, by the storage it takes: pool blocks whole,
// datagrams with their size.  Nobody is refused by the counter itself; the levels say when windows
// stop growing (half), when filled sessions get no more credit (three quarters) and when the
// largest stalled one is reset (full). Thread-safe; relaxed atomics, so a reading may lag by what
// other threads are just doing.
#pragma once

#include <atomic>
#include <cstddef>

namespace culvert {

class QueueBudget {
 public:
  enum class Level { Calm, Half, ThreeQuarters, Full };
  static constexpr std::size_t kDefaultLimitBytes = 64 * 1024 * 1024;

  static void add(std::size_t bytes) noexcept {
    total_.fetch_add(bytes, std::memory_order_relaxed);
  }
  static void sub(std::size_t bytes) noexcept {
    total_.fetch_sub(bytes, std::memory_order_relaxed);
  }

  [[nodiscard]] static std::size_t total() noexcept {
    return total_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] static std::size_t limit() noexcept {
    return limit_.load(std::memory_order_relaxed);
  }
  /// Bytes; set once at start from the memory limit.
  static void setLimit(std::size_t bytes) noexcept {
    limit_.store(bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] static Level level() noexcept;

 private:
  static inline std::atomic<std::size_t> total_{0};
  static inline std::atomic<std::size_t> limit_{kDefaultLimitBytes};
};

inline QueueBudget::Level QueueBudget::level() noexcept {
  const std::size_t held = total(), most = limit();
  if (held >= most) return Level::Full;
  if (held >= most - most / 4) return Level::ThreeQuarters;
  return held >= most / 2 ? Level::Half : Level::Calm;
}

}  // namespace culvert

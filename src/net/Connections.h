// How many connections the process has and may have (LIM-4, LIM-5).
//
// Descriptors are the process's, so the count is too: ofProcess().  Every TCP socket holds a Slot;
// the limit is what the descriptor limit allows, less a reserve that only links, and strangers who
// may become links, use.  Thread-safe.
#pragma once

#include "base/Destination.h"

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>

namespace culvert {

/// The part of an address that stands for one visitor: an IPv4 address, the first 64 bits of an
/// IPv6 one.
Ip sourcePrefix(const Ip& source) noexcept;

class Connections {
 public:
  static constexpr std::size_t kReserve = 64;         ///< descriptors kept from visitors
  static constexpr std::size_t kLinkReserve = 32;     ///< of these, for links and strangers
  static constexpr std::size_t kMostPerSource = 256;  ///< LIM-4

  enum class Kind {
    Visitor,   ///< counts for its source, too
    Ordinary,  ///< a dialled target
    Reserved,  ///< a link, or a stranger: may use the reserve
  };

  /// One connection's place; empty when default-constructed.  Destroying it frees the place.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&& other) noexcept;
    ~Slot();
    explicit operator bool() const noexcept { return owner_ != nullptr; }

   private:
    friend class Connections;
    Connections* owner_ = nullptr;
    Ip counted_;  ///< the source it counts for
    bool countsSource_ = false;
  };

  static Connections& ofProcess();

  Connections() = default;
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// The most connections (LIM-5); set at start from the descriptor limit.
  void setLimit(std::size_t limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t limit() const noexcept {
    return limit_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t total() const noexcept {
    return total_.load(std::memory_order_relaxed);
  }

  /// Whether one more of `kind` has room.
  [[nodiscard]] bool hasRoom(Kind kind) const noexcept;
  /// Whether accepting may go on after there was no room: below 95 % of what `kind` may use.
  [[nodiscard]] bool hasRoomAgain(Kind kind) const noexcept;

  /// A place for one connection, empty when there is no room.
  [[nodiscard]] Slot take(Kind kind) noexcept;
  /// A place for a visitor from `source`, empty when there is no room, or too many from there once
  /// all together exceed half of the limit.  Loopback is exempt from the latter.
  [[nodiscard]] Slot takeVisitor(const Ip& source);

 private:
  [[nodiscard]] std::size_t most(Kind kind) const noexcept;
  void release(const Slot& slot) noexcept;

  std::atomic<std::size_t> total_{0}, limit_{1024 - kReserve};
  std::mutex mutex_;
  std::map<Ip, std::size_t> perSource_;  ///< guarded by mutex_
};

}  // namespace culvert

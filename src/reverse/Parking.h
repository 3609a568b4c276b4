// Visitors that wait, unread, for a link: at most 256 per portal, at most 10 s each (LIM-11).  They
// stay on the loop they came in on.
#pragma once

#include "net/IntrusiveList.h"
#include "net/Loop.h"
#include "reverse/Visitor.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace culvert::reverse {

class Parking : public std::enable_shared_from_this<Parking> {
 public:
  /// Tries again to place a visitor; parks it anew if that fails.
  using Retry = std::function<void(Visitor, Loop&)>;

  Parking(std::size_t most, Clock::duration longest) : most_(most), longest_(longest) {}

  /// Takes `visitor` over on `here`'s thread; refuses it when there are too many.
  void park(Visitor visitor, Loop& here, Retry retry);
  /// A link has come up: everybody tries again, in the order they came.  From any thread.
  void wake();
  [[nodiscard]] std::size_t count() const noexcept {
    return count_.load(std::memory_order_relaxed);
  }

 private:
  class Place;
  struct Lot;

  std::shared_ptr<Lot> lotOf(Loop& loop);
  static void wakeLot(Lot& lot);

  const std::size_t most_;
  const Clock::duration longest_;
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_;
  std::unordered_map<Loop*, std::shared_ptr<Lot>> lots_;  ///< guarded by mutex_
};

}  // namespace culvert::reverse

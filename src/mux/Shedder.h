// What is done when the process holds more queued bytes than it may (LIM-10): the largest stalled
// session is reset, then the next, never one that drains.  Links of all loops take part; the one
// that holds most goes first.  One for the process.
#pragma once

#include "net/Loop.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace culvert::mux {

class Shedder {
 public:
  /// A link, as the shedder knows it.
  class Holder {
   public:
    /// Resets the largest session that holds bytes and does not drain; false: there is none. Called
    /// on the link's loop.
    virtual bool shedOne() = 0;

   protected:
    ~Holder() = default;
  };

  /// A link's place among the holders; made and destroyed on the link's loop.
  class Place {
   public:
    Place(Shedder& shedder, Loop& loop, Holder& holder);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();
    void add(std::size_t bytes) noexcept;
    void sub(std::size_t bytes) noexcept;
    [[nodiscard]] std::size_t held() const noexcept;

   private:
    struct Entry;
    friend class Shedder;
    Shedder& shedder_;
    std::shared_ptr<Entry> entry_;
  };

  Shedder() : self_(std::make_shared<Shedder*>(this)) {}
  Shedder(const Shedder&) = delete;
  Shedder& operator=(const Shedder&) = delete;

  /// The limit was reached.  Thread-safe and cheap while a round is under way.
  void relieve();

 private:
  using Entries = std::vector<std::shared_ptr<Place::Entry>>;
  void step(const std::shared_ptr<Entries>& round);
  /// Every link, the one that holds least first.
  [[nodiscard]] std::shared_ptr<Entries> beginRound();

  std::mutex mutex_;
  Entries entries_;  ///< guarded by mutex_
  std::atomic<bool> busy_{false};
  std::shared_ptr<Shedder*> self_;  ///< posted work outlives us at the program's end only
};

}  // namespace culvert::mux

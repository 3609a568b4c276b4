#include "mux/Shedder.h"

#include "net/QueueBudget.h"

#include <algorithm>
#include <utility>

namespace culvert::mux {

struct Shedder::Place::Entry {
  Entry(Loop& itsLoop, Holder& itsHolder) : loop(itsLoop), holder(&itsHolder) {}
  Loop& loop;
  Holder* holder;  ///< its loop's thread only; nullptr: gone
  std::atomic<std::size_t> held{0};
};

Shedder::Place::Place(Shedder& shedder, Loop& loop, Holder& holder)
    : shedder_(shedder), entry_(std::make_shared<Entry>(loop, holder)) {
  const std::lock_guard<std::mutex> lock(shedder_.mutex_);
  shedder_.entries_.push_back(entry_);
}

Shedder::Place::~Place() {
  entry_->holder = nullptr;
  const std::lock_guard<std::mutex> lock(shedder_.mutex_);
  std::erase(shedder_.entries_, entry_);
}

void Shedder::Place::add(std::size_t bytes) noexcept {
  entry_->held.fetch_add(bytes, std::memory_order_relaxed);
}

void Shedder::Place::sub(std::size_t bytes) noexcept {
  entry_->held.fetch_sub(bytes, std::memory_order_relaxed);
}

std::size_t Shedder::Place::held() const noexcept {
  return entry_->held.load(std::memory_order_relaxed);
}

void Shedder::relieve() {
  if (busy_.exchange(true, std::memory_order_acq_rel)) return;
  step(beginRound());
}

std::shared_ptr<Shedder::Entries> Shedder::beginRound() {
  auto round = std::make_shared<Entries>();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    *round = entries_;
  }
  std::sort(round->begin(), round->end(), [](const auto& a, const auto& b) {
    return a->held.load(std::memory_order_relaxed) < b->held.load(std::memory_order_relaxed);
  });
  return round;
}

void Shedder::step(const std::shared_ptr<Entries>& round) {
  if (round->empty() || QueueBudget::level() != QueueBudget::Level::Full) {
    busy_.store(false, std::memory_order_release);
    return;
  }
  const std::shared_ptr<Place::Entry> next = round->back();
  next->loop.post([self = std::weak_ptr<Shedder*>(self_), round, next] {
    const std::shared_ptr<Shedder*> shedder = self.lock();
    if (!shedder) return;
    // What was reset changes the order: the next round begins with whoever holds most then.
    if (next->holder && QueueBudget::level() == QueueBudget::Level::Full &&
        next->holder->shedOne()) {
      (*shedder)->step((*shedder)->beginRound());
      return;
    }
    round->pop_back();
    (*shedder)->step(round);
  });
}

}  // namespace culvert::mux

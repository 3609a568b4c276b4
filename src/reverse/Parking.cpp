#include "reverse/Parking.h"

#include "base/Errc.h"
#include "proxy/Outbound.h"

#include <utility>

namespace culvert::reverse {

/// One parked visitor.
class Parking::Place final : public Root {
 public:
  Place(std::shared_ptr<Parking> parking, std::shared_ptr<Lot> lot, Loop& loop, Visitor visitor,
        Retry retry);
  ~Place() override;

  void stop(std::error_code why) override { giveUp(why); }
  const void* owner() const noexcept override {
    return visitor_.session.inbound ? visitor_.session.inbound->owner : nullptr;
  }
  void tryAgain() {
    leave();
    Visitor visitor = std::move(visitor_);
    loop_.retire(*this);
    retry_(std::move(visitor), loop_);
  }

  Links<Place> links;
  bool parked = false;

 private:
  void giveUp(std::error_code why) {
    if (!parked) return;
    leave();
    proxy::refuse(std::move(visitor_.stream), std::move(visitor_.record), why);
    loop_.retire(*this);
  }
  void onTimeout() { giveUp(Errc::NoLink); }
  void leave();

  const std::shared_ptr<Parking> parking_;
  const std::shared_ptr<Lot> lot_;
  Loop& loop_;
  Visitor visitor_;
  Retry retry_;
  DeadlineOf<Place, &Place::onTimeout> deadline_{*this};
};

/// The visitors of one loop; its thread only.
struct Parking::Lot {
  explicit Lot(Loop& itsLoop) : loop(itsLoop) {}
  Loop& loop;
  IntrusiveList<Place, &Place::links> places;
  std::atomic<std::size_t> count{0};
};

Parking::Place::Place(std::shared_ptr<Parking> parking, std::shared_ptr<Lot> lot, Loop& loop,
                      Visitor visitor, Retry retry)
    : parking_(std::move(parking)),
      lot_(std::move(lot)),
      loop_(loop),
      visitor_(std::move(visitor)),
      retry_(std::move(retry)) {
  lot_->places.pushBack(*this);
  lot_->count.fetch_add(1, std::memory_order_relaxed);
  parked = true;
  loop_.arm(deadline_, parking_->longest_);
}

Parking::Place::~Place() {
  leave();
}

void Parking::Place::leave() {
  if (!std::exchange(parked, false)) return;
  deadline_.disarm();
  lot_->places.remove(*this);
  lot_->count.fetch_sub(1, std::memory_order_relaxed);
  parking_->count_.fetch_sub(1, std::memory_order_relaxed);
}

void Parking::park(Visitor visitor, Loop& here, Retry retry) {
  if (count_.fetch_add(1, std::memory_order_relaxed) >= most_) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    proxy::refuse(std::move(visitor.stream), std::move(visitor.record), Errc::NoLink);
    return;
  }
  here.adopt(std::make_unique<Place>(shared_from_this(), lotOf(here), here, std::move(visitor),
                                     std::move(retry)));
}

void Parking::wake() {
  std::vector<std::shared_ptr<Lot>> lots;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [loop, lot] : lots_) {
      if (lot->count.load(std::memory_order_relaxed) > 0) lots.push_back(lot);
    }
  }
  for (const std::shared_ptr<Lot>& lot : lots) lot->loop.post([lot] { wakeLot(*lot); });
}

void Parking::wakeLot(Lot& lot) {
  // As many as there are now: who is parked again comes behind them.
  for (std::size_t left = lot.count.load(std::memory_order_relaxed);
       left > 0 && !lot.places.empty(); --left) {
    lot.places.first()->tryAgain();
  }
}

std::shared_ptr<Parking::Lot> Parking::lotOf(Loop& loop) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<Lot>& lot = lots_[&loop];
  if (!lot) lot = std::make_shared<Lot>(loop);
  return lot;
}

}  // namespace culvert::reverse

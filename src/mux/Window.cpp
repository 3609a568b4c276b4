#include "mux/Window.h"

#include "net/QueueBudget.h"

#include <algorithm>

namespace culvert::mux {
namespace {

constexpr std::size_t kCreditStepBytes = 64 * 1024;
constexpr std::chrono::seconds kStallTime{2};
constexpr std::chrono::milliseconds kLeastRoundTrip{1};

}  // namespace

bool GrowthPool::take(std::size_t bytes) noexcept {
  const std::size_t limit = std::max(QueueBudget::limit() / 4, kLeastBytes);
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used + bytes > limit) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool ReceiveWindow::receive(std::size_t bytes, Clock::time_point now,
                            Clock::duration roundTrip) noexcept {
  if (bytes > unused_) return false;
  unused_ -= bytes;
  if (sampleBegan_ == Clock::time_point{}) sampleBegan_ = now;
  sample_ += bytes;
  if (sample_ >= size_ / 2) {
    // A flow that its window holds back moves a window each round trip; one that moves less than
    // half a window in two has no use for a larger one.
    isFast_ = now - sampleBegan_ <= 2 * std::max<Clock::duration>(kLeastRoundTrip, roundTrip);
    sampleBegan_ = now;
    sample_ = 0;
  }
  return true;
}

std::size_t ReceiveWindow::take(std::size_t bytes, const Situation& situation) noexcept {
  if (situation.waited && situation.now - lastTaken_ > kStallTime) {
    size_ = kFirstWindowBytes;
    isFast_ = false;
  }
  lastTaken_ = situation.now;
  takenSinceCredit_ += bytes;
  settleReserve(situation.queued);
  const std::size_t open = unused_ + situation.queued;
  if (!situation.mayCredit || open >= size_) return 0;
  if (size_ - open < std::min(size_ / 8, kCreditStepBytes)) return 0;
  if (isFast_ && !situation.refused && situation.mayGrow) grow(takenSinceCredit_);
  takenSinceCredit_ = 0;
  const std::size_t credit = size_ - open;
  unused_ += credit;
  return credit;
}

void ReceiveWindow::grow(std::size_t bytes) noexcept {
  const std::size_t wanted = std::min(size_ + bytes, kMaxWindowBytes);
  const std::size_t reserve = wanted > kFreeWindowBytes ? wanted - kFreeWindowBytes : 0;
  if (reserve > reserved_) {
    if (!pool_.take(reserve - reserved_)) return;
    reserved_ = reserve;
  }
  size_ = wanted;
}

void ReceiveWindow::settleReserve(std::size_t queued) noexcept {
  const std::size_t open = std::max(size_, unused_ + queued);
  const std::size_t reserve = open > kFreeWindowBytes ? open - kFreeWindowBytes : 0;
  if (reserve >= reserved_) return;
  pool_.give(reserved_ - reserve);
  reserved_ = reserve;
}

}  // namespace culvert::mux

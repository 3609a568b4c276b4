#include "mux/Window.h"

#include "net/QueueBudget.h"

#include <algorithm>
#include <utility>

namespace culvert::mux {
namespace {

constexpr std::size_t kCreditStepBytes = 64 * 1024;
/// Credit beyond what was taken, as a multiple of it: the window quadruples each round trip.
constexpr std::size_t kGrowth = 3;
/// Of what was taken a window that is larger than it need be returns all but one part in so many.
constexpr std::size_t kShrink = 4;
constexpr std::chrono::seconds kStallTime{2};
constexpr std::chrono::milliseconds kLeastRoundTrip{1};
/// From here on the first credit comes too late.  A first flight of 256 KiB that loses a packet is
/// followed by no more than that in the next round trip, which is then what BBR believes the path
/// to carry.
constexpr std::chrono::milliseconds kLongRoundTrip{5};

}  // namespace

bool GrowthPool::take(std::size_t bytes) noexcept {
  const std::size_t limit = std::max(QueueBudget::limit() / 4, kLeastBytes);
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used + bytes > limit) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

std::size_t GrowthPool::takeEarly(std::size_t bytes, std::size_t limit) noexcept {
  std::size_t used = early_.load(std::memory_order_relaxed), taken;
  do {
    taken = used < limit ? std::min(bytes, (limit - used) / 2) : 0;
  } while (!early_.compare_exchange_weak(used, used + taken, std::memory_order_relaxed));
  return taken;
}

std::size_t ReceiveWindow::begin(Clock::duration roundTrip) noexcept {
  if (roundTrip < kLongRoundTrip) return 0;
  grow(kMaxWindowBytes, GrowthPool::kLeastBytes / 2);
  const std::size_t credit = size_ - unused_;
  unused_ = size_;
  return credit;
}

bool ReceiveWindow::receive(std::size_t bytes, Clock::time_point now,
                            Clock::duration roundTrip) noexcept {
  if (bytes > unused_) return false;
  // After a pause of the sender's, not one for credit, what came before says nothing.
  if (now - lastReceived_ > roundTrip && unused_ >= size_ / 2) {
    sampleBegan_ = now;
    sample_ = 0;
  }
  lastReceived_ = now;
  pathIsLong_ = roundTrip >= kLongRoundTrip;
  unused_ -= bytes;
  sample_ += bytes;
  if (sample_ >= size_ / 2) {
    // A flow that its window holds back moves a window each round trip; one that moves less than
    // half a window in two has no use for so large a one.
    const auto most = 2 * std::max<Clock::duration>(kLeastRoundTrip, roundTrip);
    pace_ = now - sampleBegan_ <= most ? Pace::Fast : Pace::Slow;
    sampleBegan_ = now;
    sample_ = 0;
  }
  return true;
}

std::size_t ReceiveWindow::take(std::size_t bytes, const Situation& situation) noexcept {
  if (situation.waited && situation.now - lastTaken_ > kStallTime) {
    size_ = kFirstWindowBytes;
    pace_ = Pace::Slow;
  }
  lastTaken_ = situation.now;
  takenSinceCredit_ += bytes;
  if (untrusted_ > 0) {
    untrusted_ -= std::min(untrusted_, bytes);
    if (untrusted_ == 0) trust();
  }
  if (pace_ == Pace::Slow) {
    size_ = std::max(kFirstWindowBytes, size_ - std::min(size_, bytes / kShrink));
  }
  settleReserve(situation.queued);
  const std::size_t open = unused_ + situation.queued;
  if (!situation.mayCredit || open >= size_) return 0;
  if (size_ - open < std::min(size_ / 8, kCreditStepBytes)) return 0;
  if (!situation.refused && situation.mayGrow) {
    if (pace_ == Pace::Fast) grow(size_ + kGrowth * takenSinceCredit_);
    if (pace_ != Pace::Slow && untrusted_ > 0 && pathIsLong_) grow(kMaxWindowBytes);
  }
  takenSinceCredit_ = 0;
  const std::size_t credit = size_ - open;
  unused_ += credit;
  return credit;
}

void ReceiveWindow::grow(std::size_t wanted, std::size_t earlyLimit) noexcept {
  wanted = std::min(wanted, kMaxWindowBytes);
  if (wanted <= size_) return;
  const std::size_t beyond = wanted > kFreeWindowBytes ? wanted - kFreeWindowBytes : 0;
  if (const std::size_t held = reserved_ + early_; beyond > held) {
    if (untrusted_ > 0) {
      early_ += pool_.takeEarly(beyond - held, earlyLimit);
    } else if (pool_.take(beyond - held)) {
      reserved_ += beyond - held;
    }
  }
  size_ = std::max(size_, std::min(wanted, kFreeWindowBytes + reserved_ + early_));
}

/// What it grew by early now counts as everybody's.
void ReceiveWindow::trust() noexcept {
  if (early_ == 0 || !pool_.take(early_)) return;
  pool_.giveEarly(early_);
  reserved_ += std::exchange(early_, 0);
}

void ReceiveWindow::settleReserve(std::size_t queued) noexcept {
  const std::size_t open = std::max(size_, unused_ + queued);
  const std::size_t beyond = open > kFreeWindowBytes ? open - kFreeWindowBytes : 0;
  if (beyond >= reserved_ + early_) return;
  std::size_t surplus = reserved_ + early_ - beyond;
  const std::size_t ofEarly = std::min(surplus, early_);
  surplus -= ofEarly;
  pool_.giveEarly(ofEarly);
  early_ -= ofEarly;
  pool_.give(surplus);
  reserved_ -= surplus;
}

}  // namespace culvert::mux

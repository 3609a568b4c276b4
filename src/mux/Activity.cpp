#include "mux/Activity.h"

#include <algorithm>
#include <utility>

namespace culvert::mux {

bool Activity::note(Member& member, std::size_t bytes) {
  if (member.epoch_ != epoch_) {
    if (member.epoch_ + 1 == epoch_) --activeBefore_;
    ++active_;
    member.epoch_ = epoch_;
    member.bytes_ = 0;
  }
  member.bytes_ += static_cast<std::uint32_t>(std::min(bytes, kBulkBytes));
  if (member.bulk_ || member.bytes_ < kBulkBytes) return false;
  member.bulk_ = true;
  bulk_.push_back(&member);
  return true;
}

void Activity::forget(Member& member) noexcept {
  if (member.epoch_ == epoch_) --active_;
  if (member.epoch_ + 1 == epoch_) --activeBefore_;
  if (!member.bulk_) return;
  std::erase(bulk_, &member);
  calm(member);
}

bool Activity::turn(Clock::time_point now) {
  if (now - epochBegan_ < kEpoch) return false;
  std::erase_if(bulk_, [this](Member* member) {
    if (member->epoch_ == epoch_ && member->bytes_ >= kBulkBytes) return false;
    calm(*member);
    return true;
  });
  activeBefore_ = std::exchange(active_, 0);
  ++epoch_;
  epochBegan_ = now;
  return true;
}

void Activity::settle() noexcept {
  for (Member* const member : bulk_) member->settled_ = true;
  settled_ = bulk_.size();
}

/// It is not in the list any more.
void Activity::calm(Member& member) noexcept {
  member.bulk_ = false;
  if (std::exchange(member.settled_, false)) --settled_;
}

}  // namespace culvert::mux

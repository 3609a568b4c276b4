#include "net/Loop.h"

#include "base/Assert.h"

#include <algorithm>
#include <utility>

namespace culvert {

void Deadline::disarm() noexcept {
  if (loop_) loop_->unlink(*this);
}

void TurnEnd::cancel() noexcept {
  if (loop_) loop_->unlink(*this);
}

Loop::Loop() = default;

Loop::~Loop() {
  destroyRoots();
}

bool Loop::isCurrent() const noexcept {
  const std::thread::id bound = thread_.load(std::memory_order_relaxed);
  return bound == std::thread::id() || bound == std::this_thread::get_id();
}

void Loop::bindThread() noexcept {
  thread_.store(std::this_thread::get_id());
}

void Loop::post(Task task) {
  bool first = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) wake();
}

void Loop::atTurnEnd(TurnEnd& work) {
  CULVERT_ASSERT(isCurrent());
  if (work.loop_) return;
  const bool first = turnEnds_ == nullptr;
  work.loop_ = this;
  work.previous_ = nullptr;
  work.next_ = turnEnds_;
  (turnEnds_ ? turnEnds_->previous_ : turnEndsOldest_) = &work;
  turnEnds_ = &work;
  if (first && !inTurn_) wake();
}

void Loop::unlink(TurnEnd& work) noexcept {
  (work.next_ ? work.next_->previous_ : turnEndsOldest_) = work.previous_;
  (work.previous_ ? work.previous_->next_ : turnEnds_) = work.next_;
  work.previous_ = work.next_ = nullptr;
  work.loop_ = nullptr;
}

std::uint64_t Loop::tickOf(Clock::time_point time) const noexcept {
  return time <= epoch_ ? 0 : static_cast<std::uint64_t>((time - epoch_) / kTick);
}

void Loop::arm(Deadline& deadline, Clock::duration delay) {
  CULVERT_ASSERT(isCurrent());
  deadline.disarm();
  const Clock::time_point now = this->now().mono;
  if (!started_) {
    epoch_ = awakeSince_ = now;
    started_ = true;
  }
  // Never early: the first tick that begins at or after the wanted moment.
  const Clock::time_point wanted = now + std::max(delay, Clock::duration::zero());
  deadline.tick_ = std::max(tickOf(wanted + kTick - Clock::duration(1)), firedTick_ + 1);
  Deadline*& slot = wheel_[deadline.tick_ % kSlots];
  deadline.loop_ = this;
  deadline.previous_ = nullptr;
  deadline.next_ = slot;
  if (slot) slot->previous_ = &deadline;
  slot = &deadline;
  ++armed_;
  if (deadline.tick_ < soonest_) {
    soonest_ = deadline.tick_;
    if (!inTurn_) onSooner();
  }
}

void Loop::unlink(Deadline& deadline) noexcept {
  if (deadline.next_) deadline.next_->previous_ = deadline.previous_;
  Deadline*& slot = wheel_[deadline.tick_ % kSlots];
  (deadline.previous_ ? deadline.previous_->next_ : slot) = deadline.next_;
  deadline.previous_ = deadline.next_ = nullptr;
  deadline.loop_ = nullptr;
  if (--armed_ == 0) soonest_ = UINT64_MAX;
}

void Loop::fireDeadlines() {
  if (!started_) return;  // ticks count from the first deadline on
  const std::uint64_t current = tickOf(now().mono);
  if (armed_ == 0) {
    firedTick_ = std::max(firedTick_, current);
    return;
  }
  // After a long sleep one round over the wheel sees every slot.
  if (current > firedTick_ + kSlots) firedTick_ = current - kSlots;
  while (firedTick_ < current && armed_ > 0) {
    ++firedTick_;
    // A callback may arm and disarm anything in this slot: look for the next due one afresh each
    // time.
    for (;;) {
      Deadline* due = wheel_[firedTick_ % kSlots];
      while (due && due->tick_ > current) due = due->next_;
      if (!due) break;
      unlink(*due);
      due->onDeadline();
    }
  }
  firedTick_ = std::max(firedTick_, current);
}

Clock::duration Loop::sleepTime(Clock::duration limit) const {
  if (hasWork()) return Clock::duration::zero();
  if (armed_ == 0) return limit;
  const Clock::time_point now = this->now().mono;
  const std::uint64_t last = std::min(tickOf(now + limit), firedTick_ + kSlots);
  for (std::uint64_t tick = std::max(firedTick_ + 1, soonest_); tick <= last; ++tick) {
    for (const Deadline* armed = wheel_[tick % kSlots]; armed; armed = armed->next_) {
      if (armed->tick_ > tick) continue;
      soonest_ = tick;
      const Clock::time_point due = epoch_ + static_cast<std::int64_t>(tick) * kTick;
      return std::clamp(due - now, Clock::duration::zero(), limit);
    }
  }
  soonest_ = std::max(soonest_, last + 1);
  return limit;
}

bool Loop::hasWork() const {
  if (turnEnds_ || retired_) return true;
  const std::lock_guard<std::mutex> lock(mutex_);
  return !posted_.empty();
}

void Loop::noteSleep(Clock::time_point from, Clock::duration meant) {
  const Clock::time_point now = this->now().mono;
  if (now - from > meant + kStall) awakeSince_ = now;
}

void Loop::runTurn() {
  CULVERT_ASSERT(isCurrent() && !inTurn_);
  runWork();
  destroyRetired();
  if (hasWork()) wake();
}

/// Fills running_ with what was posted; false: nothing was.
bool Loop::takePosted() {
  constexpr std::size_t kKeptTasks = 256;
  running_.clear();  // what a task that threw left behind
  if (running_.capacity() > kKeptTasks) std::vector<Task>().swap(running_);
  const std::lock_guard<std::mutex> lock(mutex_);
  running_.swap(posted_);
  return !running_.empty();
}

void Loop::runWork() {
  inTurn_ = true;
  // Also when something throws (no memory): the next turn goes on with what is left.
  struct Leave {
    bool& inTurn;
    ~Leave() { inTurn = false; }
  } const leave{inTurn_};
  fireDeadlines();
  constexpr int kRounds = 8;  // more is left for the next turn, so that sockets are not starved
  for (int round = 0; round < kRounds; ++round) {
    if (!takePosted() && !turnEnds_) break;
    for (Task& task : running_) task();
    running_.clear();
    // Oldest first; what is asked for meanwhile comes behind and waits for the next round.
    TurnEnd* const newest = turnEnds_;
    while (turnEndsOldest_) {
      TurnEnd& work = *turnEndsOldest_;
      unlink(work);
      work.onTurnEnd();
      if (&work == newest) break;
    }
  }
}

void Loop::adoptRoot(Root* root) {
  CULVERT_ASSERT(isCurrent() && !root->loop_);
  root->loop_ = this;
  root->previous_ = nullptr;
  root->next_ = roots_;
  if (roots_) roots_->previous_ = root;
  roots_ = root;
  ++rootCount_;
}

void Loop::unlink(Root& root) noexcept {
  if (root.next_) root.next_->previous_ = root.previous_;
  (root.previous_ ? root.previous_->next_ : roots_) = root.next_;
  root.previous_ = root.next_ = nullptr;
  --rootCount_;
}

void Loop::retire(Root& root) {
  CULVERT_ASSERT(isCurrent());
  if (root.retired_) return;
  CULVERT_ASSERT(root.loop_ == this);
  unlink(root);
  root.retired_ = true;
  const bool first = retired_ == nullptr;
  root.next_ = retired_;
  retired_ = &root;
  if (first && !inTurn_) wake();
}

void Loop::destroyRetired() {
  while (retired_) {
    const std::unique_ptr<Root> root(retired_);
    retired_ = root->next_;
  }
}

void Loop::stopRoots(const void* owner, std::error_code why) {
  CULVERT_ASSERT(isCurrent());
  std::vector<Root*> chosen;
  for (Root* root = roots_; root; root = root->next_) {
    if (!owner || root->owner() == owner) chosen.push_back(root);
  }
  // One root's end may retire another; what is retired lives on until the turn's end.
  for (Root* root : chosen) {
    if (!root->retired_) root->stop(why);
  }
}

void Loop::destroyRoots() {
  destroyRetired();
  while (roots_) {
    Root* const root = roots_;
    unlink(*root);  // NOLINT(clang-analyzer-cplusplus.NewDelete): nothing deleted is in the list
    delete root;
  }
  destroyRetired();
}

MutableBytes Loop::scratch() noexcept {
  // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): a loop can do nothing without it
  if (!scratch_) scratch_.reset(new std::uint8_t[kHeadroomBytes + kScratchBytes]);
  return {scratch_.get() + kHeadroomBytes, kScratchBytes};
}

MutableBytes Loop::headroomOf(MutableBytes data) noexcept {
  if (!scratch_ || data.data() != scratch_.get() + kHeadroomBytes) return {};
  return {scratch_.get(), kHeadroomBytes};
}

}  // namespace culvert

#include "mux/SessionIds.h"

namespace culvert::mux {

void SessionIds::close(SessionId id, Clock::time_point now) {
  forget(now);
  if (!isClosed_) isClosed_ = std::make_unique<std::bitset<65'536>>();
  isClosed_->set(id);
  closed_.push_back({id, now});
}

void SessionIds::reopen(SessionId id) noexcept {
  if (isClosed_) isClosed_->reset(id);
}

bool SessionIds::wasRecentlyClosed(SessionId id, Clock::time_point now) {
  forget(now);
  return isClosed_ && isClosed_->test(id);
}

void SessionIds::forget(Clock::time_point now) {
  if (closed_.empty() || now - closed_.front().at < kRecent) return;
  while (!closed_.empty() && now - closed_.front().at >= kRecent) {
    isClosed_->reset(closed_.front().id);
    closed_.pop_front();
  }
  if (closed_.empty()) {
    isClosed_.reset();
    std::deque<Closed>().swap(closed_);
  }
}

}  // namespace culvert::mux

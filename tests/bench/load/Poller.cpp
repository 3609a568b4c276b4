#include "bench/load/Poller.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <sys/signalfd.h>
#include <system_error>

namespace culvert::load {
namespace {

constexpr std::size_t kEventsPerTurn = 512;
constexpr std::uintptr_t kSideBit = 1;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

sigset_t endSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  return signals;
}

/// Becomes true when a signal or the end of standard input arrives.
class Told final : public Handler {
 public:
  explicit operator bool() const noexcept { return isTold_; }

  void note(unsigned side, std::uint32_t events) override {
    if (side == 0) {
      isTold_ = true;
    } else if (events & EPOLLIN) {
      char ignored[4096];
      isTold_ |= ::read(STDIN_FILENO, ignored, sizeof ignored) <= 0;
    } else {
      isTold_ = true;
    }
  }
  Progress work() override { return Progress::Waiting; }

 private:
  bool isTold_ = false;
};

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), events_(kEventsPerTurn) {
  if (!epoll_) fail("epoll_create1");
}

Poller::~Poller() = default;

void Poller::add(int descriptor, Handler& handler, unsigned side, std::uint32_t events) {
  static_assert(alignof(Handler) > kSideBit);
  epoll_event event{};
  event.events = events;
  event.data.u64 = reinterpret_cast<std::uintptr_t>(&handler) | (side ? kSideBit : 0);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

Handler& Poller::adopt(std::unique_ptr<Handler> handler) {
  handler->place_ = adopted_.size();
  adopted_.push_back(std::move(handler));
  return *adopted_.back();
}

void Poller::retire(Handler& handler) {
  if (std::exchange(handler.isRetired_, true)) return;
  auto& place = adopted_.at(handler.place_);
  retired_.push_back(std::move(place));
  if (&place != &adopted_.back()) {
    place = std::move(adopted_.back());
    place->place_ = handler.place_;
  }
  adopted_.pop_back();
}

void Poller::queue(Handler& handler) {
  if (!std::exchange(handler.isQueued_, true)) queue_.push_back(&handler);
}

void Poller::turn(int timeoutMilliseconds) {
  const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                 queue_.empty() ? timeoutMilliseconds : 0);
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  for (int i = 0; i < count; ++i) {
    const auto& event = events_[static_cast<std::size_t>(i)];
    auto& handler =
        *reinterpret_cast<Handler*>(static_cast<std::uintptr_t>(event.data.u64) & ~kSideBit);
    handler.note(event.data.u64 & kSideBit, event.events);
    queue(handler);
  }
  working_.swap(queue_);
  for (Handler* handler : working_) {
    handler->isQueued_ = false;
    if (handler->isRetired_) continue;
    if (handler->work() == Progress::More && !handler->isRetired_) queue(*handler);
  }
  working_.clear();
  if (!retired_.empty()) {
    std::erase_if(queue_, [](const Handler* handler) { return handler->isRetired_; });
    retired_.clear();
  }
}

bool Poller::runUntil(TimePoint deadline, const std::function<bool()>& isDone) {
  while (!isDone()) {
    const auto left = deadline - Clock::now();
    if (left <= nanoseconds::zero()) return false;
    turn(static_cast<int>(std::min<std::int64_t>(
        std::chrono::ceil<std::chrono::milliseconds>(left).count(), 60'000)));
  }
  return true;
}

void Poller::runUntil(TimePoint deadline) {
  runUntil(deadline, [] { return false; });
}

void Poller::runUntilToldToEnd(const std::string& ready) {
  const auto signals = endSignals();
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const Descriptor descriptor(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!descriptor) fail("signalfd");
  Told told;
  add(descriptor.get(), told);
  std::puts(ready.c_str());
  std::fflush(stdout);
  while (!told) turn(-1);
}

void Poller::runUntilInputEnds() {
  Told told;
  // Level-triggered, so that one blocking read per event is enough.
  try {
    add(STDIN_FILENO, told, 1, EPOLLIN);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::operation_not_permitted)
      return;  // a file or /dev/null: nothing will come
    throw;
  }
  while (!told) turn(-1);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
}

}  // namespace culvert::load

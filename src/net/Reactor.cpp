#include "net/Reactor.h"

#include "base/Assert.h"
#include "base/Log.h"
#include "net/Bell.h"
#include "net/Connections.h"
#include "net/QueueBudget.h"

#include <Poco/Event.h>
#include <Poco/Timespan.h>

#include <algorithm>
#include <exception>

namespace culvert {
namespace {

constexpr Log log{"net"};
constexpr int kPollSeconds = 3600;  // only a net below: the alarm wakes

// When memory is given back: never more than once a minute, after this much was let go.
constexpr std::chrono::seconds kTrimPause{60};
constexpr std::chrono::seconds kTrimDelay{10};
constexpr std::size_t kTrimBytes = 8 * 1024 * 1024;
constexpr std::size_t kTrimConnections = 1024;

}  // namespace

Reactor::Reactor()
    : SocketReactor(Poco::Timespan(kPollSeconds, 0)),
      bell_(*this, os::openBell()),
      alarm_(*this, os::openAlarm()),
      suspended_(os::suspendedTime()) {}

Reactor::~Reactor() {
  CULVERT_ASSERT(!started_);
  bindThread();
  destroyRoots();
}

Now Reactor::now() const {
  return isCurrent() && inRound_ ? roundNow_ : systemNow();
}

void Reactor::start(const std::string& name) {
  Poco::Event bound;
  started_ = true;
  thread_.setName(name);
  thread_.startFunc([this, &bound] {
    bindThread();
    bound.set();
    runThread();
  });
  bound.wait();
}

void Reactor::runThread() {
  running_ = true;
  run();
  running_ = false;
  destroyRoots();
}

void Reactor::run() {
  while (!mustStop()) {
    try {
      round();
    } catch (const std::exception& problem) {
      log.error("a round of the reactor failed: ", problem.what());
    }
    inRound_ = false;
  }
}

void Reactor::round() {
  // Forgotten at the end of the round: it keeps sockets that have been closed.
  const Poco::Net::PollSet::SocketModeMap found =
      polled().poll(hasWork() ? Poco::Timespan() : getTimeout());
  if (mustStop()) return;
  roundNow_ = systemNow();
  inRound_ = true;
  for (const auto& [socket, modes] : found) Watch::tell(socket, modes);
  turn();
}

/// The base class shows its poll set to look at; it is ours as much as its own.
Poco::Net::PollSet& Reactor::polled() noexcept {
  return const_cast<Poco::Net::PollSet&>(getPollSet());
}

void Reactor::stop() {
  SocketReactor::stop();
}

void Reactor::join() {
  if (started_) thread_.join();
  started_ = false;
  bindThread();
}

void Reactor::wake() {
  // On our own thread the turn comes by itself, behind what the poll found.
  if (isCurrent() && running_.load(std::memory_order_relaxed)) return;
  os::ring(bell_.descriptor());
}

void Reactor::onSooner() {
  setAlarm();
}

void Reactor::Ear::onReadable() {
  os::silence(watch_.descriptor());
}

void Reactor::Ear::onWatchFailed(std::error_code why) noexcept {
  log.error("the reactor cannot be woken: ", why);
}

void Reactor::turn() {
  turns_.fetch_add(1, std::memory_order_relaxed);
  roundNow_ = systemNow();
  noteStall();
  runTurn();
  watchMemory();
  setAlarm();
}

void Reactor::noteStall() {
  const Clock::time_point now = this->now().mono;
  const std::chrono::nanoseconds suspended = os::suspendedTime();
  const Clock::duration slept = std::max(suspended - suspended_, std::chrono::nanoseconds(0));
  suspended_ = suspended;
  // The monotonic clock stands still while the machine is suspended.
  const bool isLate = alarmAt_ != Clock::time_point() && alarmAt_ <= now;
  noteSleep((isLate ? alarmAt_ : now) - slept, Clock::duration::zero());
  if (isLate) alarmAt_ = {};
}

void Reactor::setAlarm() {
  const Clock::duration sleep = sleepTime(kLongestSleep);
  if (sleep == Clock::duration::zero() && hasWork()) return;  // the next poll does not wait
  const Clock::time_point due = now().mono + sleep;
  // One that rings too soon costs a turn, setting it a system call each time.
  if (alarmAt_ != Clock::time_point() && alarmAt_ <= due) return;
  alarmAt_ = due;
  os::setAlarm(alarm_.descriptor(), sleep);
}

void Reactor::watchMemory() {
  const std::size_t queued = QueueBudget::total();
  const std::size_t connections = Connections::ofProcess().total();
  mostQueued_ = std::max(mostQueued_, queued);
  mostConnections_ = std::max(mostConnections_, connections);
  const bool fell =
      mostQueued_ - queued > kTrimBytes || mostConnections_ - connections > kTrimConnections;
  if (fell && !trim_.isArmed()) arm(trim_, kTrimDelay);
}

void Reactor::trim() {
  static std::atomic<Clock::duration> lastTrim{-kTrimPause};
  const Clock::duration now = this->now().mono.time_since_epoch();
  Clock::duration last = lastTrim.load();
  if (now - last < kTrimPause) {
    arm(trim_, kTrimPause - (now - last));
    return;
  }
  if (lastTrim.compare_exchange_strong(last, now)) os::trimHeap();
  mostQueued_ = QueueBudget::total();
  mostConnections_ = Connections::ofProcess().total();
}

}  // namespace culvert

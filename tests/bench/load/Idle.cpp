// The loads that hold connections: visitors who wait (idle), and visitors who do not read (sleep).
#include "bench/load/Commands.h"
#include "bench/load/Crowd.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace culvert::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kOpening = 64;  // visitors at once
constexpr auto kOpeningLimit = 120s;
constexpr int kSleeperBufferBytes = 4096;
constexpr auto kSleeperLimit = 20s;
constexpr auto kFirstBytesLimit = 3s;

/// A connection whose bytes stay where they are.
class Sleeper final : public Handler {
 public:
  Sleeper(Poller& poller, Dialer& dialer) : call_(dialer.dial()), to_(dialer.to()) {
    poller.add(call_.socket.get(), *this);
  }

  bool isConnected() const noexcept { return isConnected_; }
  bool hasBytes() const noexcept { return ready_.readable; }

  void note(unsigned, std::uint32_t events) override { ready_.note(events); }
  Progress work() override {
    if (!call_.error && ready_.hungUp) call_.error = takeError(call_.socket.get());
    if (call_.error) throw std::runtime_error(complaint("a sleeper at", to_, call_.error));
    if (ready_.hungUp)
      throw std::runtime_error("a sleeper at " + to_.text() + ": ended by the peer");
    isConnected_ = ready_.writable;
    return Progress::Waiting;
  }

 private:
  Dialer::Call call_;
  Address to_;
  Readiness ready_;
  bool isConnected_ = false;
};

template <class Predicate>
std::size_t countIf(const std::vector<std::unique_ptr<Sleeper>>& sleepers, Predicate predicate) {
  std::size_t count = 0;
  for (const auto& sleeper : sleepers) count += predicate(*sleeper) ? 1 : 0;
  return count;
}

}  // namespace

void idle(Arguments& arguments) {
  auto dialer = dialerFrom(arguments);
  const auto visitors = arguments.number("--visitors");
  const auto parallel = arguments.number("--parallel", kOpening);
  arguments.expectEmpty();

  Poller poller;
  Crowd crowd(poller, dialer, {visitors, Connections::Kept, [] { return echoDialogue(1); }});
  crowd.afterFinish = [&] { crowd.admit(1); };
  crowd.admit(parallel);
  const auto isOpen = [&] { return crowd.finishedCount() == visitors || crowd.failedCount() > 0; };
  if (!crowd.runUntil(Clock::now() + kOpeningLimit, isOpen) || crowd.failedCount() > 0) {
    const auto& why = crowd.firstFailure();
    throw std::runtime_error(
        "only " + std::to_string(crowd.finishedCount()) + " of " + std::to_string(visitors) +
        " visitors were answered: " + (why.empty() ? "no answer in time" : why));
  }
  Report report;
  report.add("opened", visitors);
  report.print();
  poller.runUntilInputEnds();
  if (crowd.failedCount() > 0) {
    throw std::runtime_error(
        std::to_string(crowd.failedCount()) +
        " visitors were lost while they waited; the first: " + crowd.firstFailure());
  }
}

void sleep(Arguments& arguments) {
  auto dialer = dialerFrom(arguments, kSleeperBufferBytes);
  const auto visitors = arguments.number("--visitors");
  arguments.expectEmpty();

  Poller poller;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (std::uint64_t i = 0; i < visitors; ++i)
    sleepers.push_back(std::make_unique<Sleeper>(poller, dialer));
  const auto all = [&](auto predicate) {
    return [&sleepers, predicate] { return countIf(sleepers, predicate) == sleepers.size(); };
  };
  if (!poller.runUntil(Clock::now() + kSleeperLimit,
                       all([](const Sleeper& one) { return one.isConnected(); }))) {
    throw std::runtime_error("not all sleepers connected to " + dialer.to().text() + " in time");
  }
  // A tunnel that a first sleeper stalls never brings the others a byte: they sleep all the same.
  const auto hasBytes = [](const Sleeper& one) { return one.hasBytes(); };
  poller.runUntil(Clock::now() + kFirstBytesLimit, all(hasBytes));
  Report report;
  report.add("sleeping", visitors);
  report.add("with_bytes", countIf(sleepers, hasBytes));
  report.print();
  poller.runUntilInputEnds();
}

}  // namespace culvert::load

// Visitors who take part in one measurement, and its figures.
#pragma once

#include "bench/load/Histogram.h"
#include "bench/load/Report.h"
#include "bench/load/Visitor.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace culvert::load {

class Crowd final : public Visitor::Host {
 public:
  struct Plan {
    std::size_t visitors;
    Connections connections;
    std::function<std::unique_ptr<Dialogue>()> dialogue;
    std::uint64_t exchanges = ~std::uint64_t{0};  // that are begun at most, failed ones included
  };

  Crowd(Poller& poller, Dialer& dialer, const Plan& plan);

  /// Lets `most` visitors begin an exchange each, those who never did first.
  void admit(std::size_t most);

  /// Turns until all admitted visitors finished an exchange.  Throws std::runtime_error if that
  /// takes over 20 s.
  void awaitAll();
  void runUntil(TimePoint deadline);
  bool runUntil(TimePoint deadline, const std::function<bool()>& isDone);
  /// Begins no more and waits for the exchanges under way, up to 2 s.
  void windDown();

  /// Forgets what was counted so far; the measuring window begins.
  void beginWindow();
  /// rate, count, failed, seconds, cpu_s, the latencies of whole exchanges, and those up to the
  /// answer as answer_…. Throws std::runtime_error with the first failure if nothing was finished.
  Report report() const;

  std::uint64_t finishedCount() const noexcept { return whole_.count(); }
  std::uint64_t failedCount() const noexcept { return failed_; }
  std::size_t restingCount() const noexcept;
  const std::string& firstFailure() const noexcept { return firstFailure_; }

  void answered(nanoseconds sinceBegin) override;
  void finished(Visitor& visitor, nanoseconds sinceBegin) override;
  void failed(Visitor& visitor, std::string why) override;

  /// Called after each finished exchange in place of beginning the next; for those who only visit
  /// once.
  std::function<void()> afterFinish;

 private:
  void begin(Visitor& visitor);
  void tick();

  Poller& poller_;
  Dialer& dialer_;
  std::uint64_t exchangesLeft_;
  std::vector<std::unique_ptr<Visitor>> visitors_;
  std::size_t admitted_ = 0;
  std::size_t answeredVisitors_ = 0;  // at least once
  std::vector<Visitor*> unlucky_;     // who try again at the next tick
  TimePoint nextTick_;
  Histogram answer_, whole_;
  std::uint64_t failed_ = 0;
  std::string firstFailure_;
  TimePoint windowBegun_;
  double cpuBefore_ = 0;
};

}  // namespace culvert::load

#include "bench/load/Crowd.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace culvert::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 100ms;         // pause before a failed visitor tries again
constexpr auto kExchangeLimit = 10s;  // after which an exchange has failed
constexpr auto kOpeningLimit = 20s;
constexpr auto kWindDownLimit = 2s;

}  // namespace

Crowd::Crowd(Poller& poller, Dialer& dialer, const Plan& plan)
    : poller_(poller),
      dialer_(dialer),
      exchangesLeft_(plan.exchanges),
      nextTick_(Clock::now() + kTick) {
  visitors_.reserve(plan.visitors);
  for (std::size_t i = 0; i < plan.visitors; ++i) {
    visitors_.push_back(
        std::make_unique<Visitor>(poller, dialer, *this, plan.dialogue(), plan.connections));
  }
  beginWindow();
}

void Crowd::admit(std::size_t most) {
  const auto end = std::min(visitors_.size(), admitted_ + most);
  while (admitted_ < end) begin(*visitors_[admitted_++]);
}

void Crowd::awaitAll() {
  const auto isDone = [&] { return answeredVisitors_ == admitted_; };
  if (!runUntil(Clock::now() + kOpeningLimit, isDone)) {
    throw std::runtime_error("no answer from " + dialer_.to().text() + " for " +
                             std::to_string(admitted_ - answeredVisitors_) + " of " +
                             std::to_string(admitted_) + " visitors" +
                             (firstFailure_.empty() ? "" : "; first failure: " + firstFailure_));
  }
}

bool Crowd::runUntil(TimePoint deadline, const std::function<bool()>& isDone) {
  while (!poller_.runUntil(std::min(deadline, nextTick_), isDone)) {
    const auto now = Clock::now();
    if (now >= deadline) return false;
    if (now >= nextTick_) tick();
  }
  return true;
}

void Crowd::runUntil(TimePoint deadline) {
  runUntil(deadline, [] { return false; });
}

void Crowd::windDown() {
  exchangesLeft_ = 0;
  runUntil(Clock::now() + kWindDownLimit, [&] { return restingCount() == visitors_.size(); });
}

void Crowd::tick() {
  const auto now = Clock::now();
  nextTick_ = now + kTick;
  for (auto& visitor : visitors_) {
    if (visitor->expire(now - kExchangeLimit)) failed(*visitor, "no answer in time");
  }
  for (Visitor* visitor : std::exchange(unlucky_, {})) begin(*visitor);
}

void Crowd::begin(Visitor& visitor) {
  if (exchangesLeft_ == 0) return;
  --exchangesLeft_;
  visitor.begin(Clock::now());
}

void Crowd::beginWindow() {
  answer_.clear();
  whole_.clear();
  failed_ = 0;
  cpuBefore_ = cpuSeconds();
  windowBegun_ = Clock::now();
}

Report Crowd::report() const {
  const auto seconds = inSeconds(Clock::now() - windowBegun_);
  const auto cpu = cpuSeconds() - cpuBefore_;
  if (whole_.count() == 0) {
    throw std::runtime_error("nothing was answered by " + dialer_.to().text() +
                             (firstFailure_.empty() ? "" : "; first failure: " + firstFailure_));
  }
  Report report;
  report.add("rate", static_cast<double>(whole_.count()) / seconds);
  report.addLatencies(whole_);
  report.addLatencies(answer_, "answer_");
  report.add("count", whole_.count());
  report.add("failed", failed_);
  report.add("seconds", seconds);
  report.add("cpu_s", cpu);
  return report;
}

std::size_t Crowd::restingCount() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(visitors_.begin(), visitors_.end(),
                    [](const auto& visitor) { return visitor->isResting(); }));
}

void Crowd::answered(nanoseconds sinceBegin) {
  answer_.add(static_cast<std::uint64_t>(sinceBegin.count()));
}

void Crowd::finished(Visitor& visitor, nanoseconds sinceBegin) {
  whole_.add(static_cast<std::uint64_t>(sinceBegin.count()));
  if (visitor.finishedCount() == 1) ++answeredVisitors_;
  if (afterFinish) {
    afterFinish();
  } else {
    begin(visitor);
  }
}

void Crowd::failed(Visitor& visitor, std::string why) {
  if (firstFailure_.empty()) firstFailure_ = std::move(why);
  ++failed_;
  unlucky_.push_back(&visitor);
}

}  // namespace culvert::load

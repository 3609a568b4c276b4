// The loads that move bytes: for a time (bulk) or to the last one (fetch).
#include "bench/load/Commands.h"
#include "bench/load/Report.h"
#include "bench/load/Stream.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace culvert::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kOpeningLimit = 20s;
constexpr auto kNever = 24h;

class Streams {
 public:
  Streams(Dialer& dialer, Direction direction, std::uint64_t count,
          std::uint64_t bytes = Stream::kEndless) {
    for (std::uint64_t i = 0; i < count; ++i) {
      streams_.push_back(std::make_unique<Stream>(poller_, dialer, direction, bytes));
    }
  }

  template <class Predicate>
  bool runUntilAll(TimePoint deadline, Predicate predicate) {
    return poller_.runUntil(deadline, [&] {
      expectNoFailure();
      return std::all_of(streams_.begin(), streams_.end(),
                         [&](const auto& stream) { return predicate(*stream); });
    });
  }

  void runUntil(TimePoint deadline) {
    poller_.runUntil(deadline);
    expectNoFailure();
  }

  /// One figure of each stream.
  template <class Figure>
  std::vector<double> each(Figure figure) const {
    std::vector<double> figures;
    for (const auto& stream : streams_) figures.push_back(static_cast<double>(figure(*stream)));
    return figures;
  }

 private:
  void expectNoFailure() const {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (streams_[i]->failure().empty()) continue;
      throw std::runtime_error("stream " + std::to_string(i + 1) + " of " +
                               std::to_string(streams_.size()) + ": " + streams_[i]->failure());
    }
  }

  Poller poller_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace

void bulk(Arguments& arguments) {
  auto dialer = dialerFrom(arguments);
  const auto direction = directionFrom(arguments);
  const auto count = arguments.number("--streams", 1);
  const auto length = arguments.seconds("--seconds");
  const auto warmup = arguments.seconds("--warmup", nanoseconds::zero());
  arguments.expectEmpty();

  Streams streams(dialer, direction, count);
  if (!streams.runUntilAll(Clock::now() + kOpeningLimit,
                           [](const Stream& stream) { return stream.isConnected(); })) {
    throw std::runtime_error("not all streams connected to " + dialer.to().text() + " in time");
  }
  streams.runUntil(Clock::now() + warmup);

  const auto moved = [](const Stream& stream) { return stream.bytes(); };
  const auto before = streams.each(moved);
  const auto cpuBefore = cpuSeconds();
  const auto begun = Clock::now();
  streams.runUntil(begun + length);
  auto shares = streams.each(moved);
  const auto seconds = inSeconds(Clock::now() - begun);
  const auto cpu = cpuSeconds() - cpuBefore;

  std::transform(shares.begin(), shares.end(), before.begin(), shares.begin(), std::minus<>());
  const auto bytes = std::accumulate(shares.begin(), shares.end(), 0.0);
  Report report;
  report.add("gib_per_s", bytes / seconds / 0x1p30);
  report.add("bytes", static_cast<std::uint64_t>(bytes));
  report.add("seconds", seconds);
  report.add("jain", jain(shares));
  report.add("per_stream", shares);
  report.add("cpu_s", cpu);
  report.print();
}

void fetch(Arguments& arguments) {
  auto dialer = dialerFrom(arguments);
  const auto direction = directionFrom(arguments, Direction::Down);
  const auto bytes = arguments.number("--bytes");
  const auto count = arguments.number("--streams", 1);
  arguments.expectEmpty();

  const auto begun = Clock::now();
  Streams streams(dialer, direction, count, bytes);
  streams.runUntilAll(begun + kNever, [](const Stream& stream) { return stream.isDone(); });
  const auto seconds = inSeconds(Clock::now() - begun);

  Report report;
  report.add("seconds",
             streams.each([](const Stream& stream) { return inSeconds(stream.untilDone()); }));
  report.add("first_byte_ms", streams.each([](const Stream& stream) {
    return inSeconds(stream.untilFirstByte()) * 1e3;
  }));
  report.add("mib_per_s",
             static_cast<double>(bytes) * static_cast<double>(count) / seconds / 0x1p20);
  report.add("cpu_s", cpuSeconds());
  report.print();
}

}  // namespace culvert::load

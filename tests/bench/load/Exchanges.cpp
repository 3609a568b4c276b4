// The loads that ask and wait for answers: echo, connect, churn and http.
#include "bench/load/Commands.h"
#include "bench/load/Crowd.h"

#include <cstdio>

namespace culvert::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kEchoBytes = 64;
constexpr std::uint64_t kParallel = 16;
constexpr std::uint64_t kChurnParallel = 64;
constexpr auto kNever = 24h;

struct Window {
  nanoseconds warmup;
  nanoseconds length;

  static Window from(Arguments& arguments) {
    return {arguments.seconds("--warmup", nanoseconds::zero()), arguments.seconds("--seconds")};
  }
};

void complain(const Crowd& crowd) {
  if (crowd.firstFailure().empty()) return;
  std::fprintf(stderr, "culvert-bench: %llu failed; the first: %s\n",
               static_cast<unsigned long long>(crowd.failedCount()), crowd.firstFailure().c_str());
}

/// Everybody's first exchange is not counted: the window begins when all have had one.
void measure(Dialer& dialer, const Crowd::Plan& plan, Window window) {
  Poller poller;
  Crowd crowd(poller, dialer, plan);
  crowd.admit(plan.visitors);
  crowd.awaitAll();
  crowd.runUntil(Clock::now() + window.warmup);
  crowd.beginWindow();
  crowd.runUntil(Clock::now() + window.length);
  crowd.report().print();
  complain(crowd);
  crowd.windDown();
}

}  // namespace

Dialer dialerFrom(Arguments& arguments, int receiveBufferBytes) {
  const auto to = Address::parse(arguments.text("--to"));
  const bool isOn = arguments.flag("--source-spread");
  const bool isOff = arguments.flag("--no-source-spread");
  const bool spreads = isOn || (!isOff && to.isLoopback());
  return Dialer(to, spreads ? SourceSpread::On : SourceSpread::Off, receiveBufferBytes);
}

void echo(Arguments& arguments) {
  auto dialer = dialerFrom(arguments);
  const auto size = arguments.number("--size", kEchoBytes);
  const auto streams = arguments.number("--streams", 1);
  const auto window = Window::from(arguments);
  arguments.expectEmpty();
  measure(dialer, {streams, Connections::Kept, [&] { return echoDialogue(size); }}, window);
}

void connect(Arguments& arguments) {
  auto dialer = dialerFrom(arguments);
  const auto size = arguments.number("--size", kEchoBytes);
  const auto parallel = arguments.number("--parallel", kParallel);
  const auto window = Window::from(arguments);
  arguments.expectEmpty();
  measure(dialer, {parallel, Connections::EachTime, [&] { return echoDialogue(size); }}, window);
}

void churn(Arguments& arguments) {
  auto dialer = dialerFrom(arguments);
  const auto size = arguments.number("--size", kEchoBytes);
  const auto parallel = arguments.number("--parallel", kChurnParallel);
  const auto count = arguments.number("--count");
  arguments.expectEmpty();
  Poller poller;
  Crowd crowd(poller, dialer,
              {parallel, Connections::EachTime, [&] { return echoDialogue(size); }, count});
  crowd.admit(parallel);
  crowd.runUntil(Clock::now() + kNever,
                 [&] { return crowd.finishedCount() + crowd.failedCount() >= count; });
  crowd.report().print();
  complain(crowd);
}

void http(Arguments& arguments) {
  auto dialer = dialerFrom(arguments);
  const bool closes = arguments.flag("--close");
  const auto parallel = arguments.number("--parallel", kParallel);
  const auto window = Window::from(arguments);
  arguments.expectEmpty();
  const auto kind = closes ? HttpConnection::Closed : HttpConnection::Kept;
  measure(dialer,
          {parallel, closes ? Connections::EachTime : Connections::Kept,
           [&] { return httpDialogue(kind); }},
          window);
}

}  // namespace culvert::load

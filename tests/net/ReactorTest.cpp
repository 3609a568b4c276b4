#include "net/Bench.h"
#include "net/Reactor.h"

#include <atomic>
#include <fstream>
#include <sys/syscall.h>
#include <thread>

namespace culvert::test {
namespace {

struct Alarm final : Deadline {
  void onDeadline() override { fired.set_value(Clock::now()); }
  std::promise<Clock::time_point> fired;
};

TEST(Reactor, RunsWhatManyThreadsPostOnceAndInEachThreadsOrder) {
  Bench bench;
  constexpr int kThreads = 4, kPosts = 5000;
  std::vector<std::vector<int>> heard(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        bench.reactor().post([&heard, t, i] { heard[static_cast<std::size_t>(t)].push_back(i); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto all = bench.call([&] { return heard; });
  for (const std::vector<int>& one : all) {
    ASSERT_EQ(one.size(), static_cast<std::size_t>(kPosts));
    EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
  }
}

TEST(Reactor, RunsPostedWorkOnItsOwnThread) {
  Bench bench(2);
  EXPECT_TRUE(
      bench.call([&] { return bench.reactor(0).isCurrent() && !bench.reactor(1).isCurrent(); }));
  EXPECT_FALSE(bench.reactor(0).isCurrent());
}

TEST(Reactor, HasOneTimeInATurnAndALaterOneInTheNext) {
  Bench bench;
  struct Look final : Deadline {
    explicit Look(Loop& loop) : loop_(loop) {}
    void onDeadline() override { seen.set_value(loop_.now()); }
    std::promise<Now> seen;
    Loop& loop_;
  } look(bench.reactor());
  constexpr std::chrono::milliseconds kBusy{5};
  const auto [began, ended] = bench.call([&] {
    const Now before = bench.reactor().now();
    bench.reactor().arm(look, kBusy);
    std::this_thread::sleep_for(kBusy);  // a turn that has much to do
    return std::pair(before, bench.reactor().now());
  });
  EXPECT_EQ(began.mono, ended.mono);
  EXPECT_EQ(began.wall, ended.wall);
  const Now next = look.seen.get_future().get();
  EXPECT_GE(next.mono, began.mono + kBusy);
  EXPECT_GE(bench.reactor().now().mono, next.mono);  // another thread has the clock's own
}

TEST(Reactor, FiresDeadlinesNeitherEarlyNorMuchTooLate) {
  Bench bench;
  Alarm late, soon;
  const auto start = Clock::now();
  bench.call([&] {
    bench.reactor().arm(late, std::chrono::milliseconds(600));
    bench.reactor().arm(soon, std::chrono::milliseconds(150));
  });
  const auto soonAfter = soon.fired.get_future().get() - start;
  const auto lateAfter = late.fired.get_future().get() - start;
  EXPECT_GE(soonAfter, std::chrono::milliseconds(150));
  EXPECT_LT(soonAfter, std::chrono::milliseconds(550));
  EXPECT_GE(lateAfter, std::chrono::milliseconds(600));
  EXPECT_LT(lateAfter, std::chrono::milliseconds(1000));
}

TEST(Reactor, FiresADeadlineThatASocketCallbackArmed) {
  // Behind a deadline far away, for which the reactor sleeps already.
  Bench bench;
  Alarm far, soon;
  struct ArmsOnAccept final : AcceptHandler {
    ArmsOnAccept(Reactor& home, Alarm& armed) : reactor(home), alarm(armed) {}
    void onAccepted(StreamPtr, const Endpoint&, const Endpoint&) override {
      reactor.arm(alarm, std::chrono::milliseconds(100));
    }
    Reactor& reactor;
    Alarm& alarm;
  };
  auto& handler = bench.make<ArmsOnAccept>(bench.reactor(), soon);
  const Endpoint at = bench.listen(handler);
  bench.call([&] { bench.reactor().arm(far, std::chrono::seconds(30)); });
  const PlainSocket visitor = PlainSocket::connected(at);
  EXPECT_EQ(soon.fired.get_future().wait_for(std::chrono::seconds(2)), std::future_status::ready);
  bench.call([&] { far.disarm(); });
}

/// How often a thread went to sleep so far.
long sleepsOf(pid_t thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  std::string word;
  long count = -1;
  while (status >> word) {
    if (word == "voluntary_ctxt_switches:") status >> count;
  }
  return count;
}

TEST(Reactor, AnIdleOneDoesNotWakeUp) {
  Bench bench(2);
  Door& door = bench.make<Door>();
  door.resume = true;
  const PlainSocket visitor = PlainSocket::connected(bench.listen(door));
  ASSERT_TRUE(door.waitFor(1));
  Alarm far;
  const auto tid = bench.call([&] {
    bench.reactor().arm(far, std::chrono::hours(2));
    return static_cast<pid_t>(::syscall(SYS_gettid));
  });
  // The other reactor tells the time meanwhile.
  Alarm second;
  callOn(bench.reactor(1), [&] { bench.reactor(1).arm(second, std::chrono::milliseconds(100)); });
  second.fired.get_future().wait();
  const std::uint64_t turns = bench.reactor().turns();
  const long sleeps = sleepsOf(tid);
  second.fired = {};
  callOn(bench.reactor(1), [&] { bench.reactor(1).arm(second, std::chrono::seconds(1)); });
  second.fired.get_future().wait();
  EXPECT_EQ(bench.reactor().turns(), turns);
  EXPECT_EQ(sleepsOf(tid), sleeps);
  bench.call([&] { far.disarm(); });
}

TEST(Reactor, DestroysItsRootsWhenItStops) {
  struct Leaf final : Root {
    explicit Leaf(std::atomic<int>& count) : alive(count) { ++alive; }
    ~Leaf() override { --alive; }
    void stop(std::error_code) override {}
    std::atomic<int>& alive;
  };
  std::atomic<int> alive{0};
  ReactorPool pool(2);
  pool.start();
  for (std::size_t i = 0; i < 2; ++i) {
    callOn(pool.at(i), [&] { pool.at(i).adopt(std::make_unique<Leaf>(alive)); });
  }
  EXPECT_EQ(alive, 2);
  pool.stop();
  pool.join();
  EXPECT_EQ(alive, 0);
}

TEST(ReactorPool, HandsItsReactorsOutInTurn) {
  ReactorPool pool(3);
  EXPECT_EQ(&pool.next(), &pool.at(0));
  EXPECT_EQ(&pool.next(), &pool.at(1));
  EXPECT_EQ(&pool.next(), &pool.at(2));
  EXPECT_EQ(&pool.next(), &pool.at(0));
}

}  // namespace
}  // namespace culvert::test

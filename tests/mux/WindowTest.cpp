#include "mux/Window.h"
#include "net/QueueBudget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace culvert::mux {
namespace {

using namespace std::chrono_literals;
constexpr Clock::time_point kStart{1h};

/// A download over a path: the sender sends what its window allows, at most `sentPerMs`; the
/// receiver's side takes at most `takenPerMs`.  Steps of a millisecond.
struct Path {
  Clock::duration roundTrip;
  std::size_t sentPerMs, takenPerMs = SIZE_MAX;
  GrowthPool pool{};
  SendWindow sender{};
  ReceiveWindow receiver{pool};
  std::size_t queued = 0, taken = 0;
  Clock::time_point now = kStart;
  std::deque<std::pair<Clock::time_point, std::size_t>> data{}, credit{};

  void begin() {
    sender.limit(kFirstWindowBytes);
    owe(receiver.begin(roundTrip));
  }
  void run(Clock::duration time) {
    for (const Clock::time_point end = now + time; now < end; now += 1ms) {
      while (!credit.empty() && credit.front().first <= now) {
        EXPECT_TRUE(sender.add(credit.front().second));
        credit.pop_front();
      }
      if (const std::size_t sent = std::min(sender.left(), sentPerMs); sent > 0) {
        sender.use(sent);
        data.emplace_back(now + roundTrip / 2, sent);
      }
      const bool waited = queued > 0;
      while (!data.empty() && data.front().first <= now) {
        ASSERT_TRUE(receiver.receive(data.front().second, now, roundTrip));
        queued += data.front().second;
        data.pop_front();
      }
      const std::size_t takes = std::min(queued, takenPerMs);
      if (takes == 0) continue;
      queued -= takes;
      taken += takes;
      owe(receiver.take(takes,
                        {.now = now, .queued = queued, .waited = waited, .refused = queued > 0}));
    }
  }
  void owe(std::size_t bytes) {
    if (bytes > 0) credit.emplace_back(now + roundTrip / 2, bytes);
  }
};

TEST(Window, QuadruplesEachRoundTripWhileItHoldsTheSenderBack) {
  Path path{.roundTrip = 4ms, .sentPerMs = 1'000'000};  // 4 MB under way
  path.begin();
  path.run(16ms);
  EXPECT_EQ(path.receiver.size(), kMaxWindowBytes);
  EXPECT_GT(path.taken, 4'500'000u);  // a window that doubles carries 1.8 MB
  path.run(84ms);
  EXPECT_GT(path.taken, 80'000'000u);  // one that stays at 256 KiB carries 6.5 MB
}

TEST(Window, OpensWithItsSessionWhereThePathIsLong) {
  GrowthPool pool;
  const auto creditOf = [&](Clock::duration roundTrip) {
    ReceiveWindow window(pool);
    const std::size_t credit = window.begin(roundTrip);
    EXPECT_TRUE(window.receive(kFirstWindowBytes + credit, kStart, roundTrip));
    EXPECT_FALSE(window.receive(1, kStart, roundTrip));
    return credit;
  };
  EXPECT_EQ(creditOf(40ms), kFreeWindowBytes - kFirstWindowBytes + GrowthPool::kLeastBytes / 4);
  EXPECT_EQ(creditOf(1ms), 0u);  // the first credit is there in no time
  EXPECT_EQ(pool.usedEarly(), 0u);
}

TEST(Window, OpensWithItsFirstCreditWhereThePathIsLong) {
  GrowthPool pool;
  const auto creditOf = [&](Clock::duration roundTrip) {
    ReceiveWindow window(pool);
    EXPECT_TRUE(window.receive(64 * 1024, kStart, roundTrip));
    return window.take(64 * 1024, {.now = kStart});
  };
  EXPECT_EQ(creditOf(40ms), 64 * 1024 + kMaxWindowBytes - kFirstWindowBytes);
  EXPECT_EQ(creditOf(1ms), 64u * 1024);
}

TEST(Window, LeavesHalfOfTheEightMegabytesToSessionsThatReceive_F_SLOW) {
  GrowthPool pool;
  std::deque<ReceiveWindow> resting;
  for (int i = 0; i < 64; ++i) static_cast<void>(resting.emplace_back(pool).begin(40ms));
  EXPECT_LE(pool.usedEarly(), GrowthPool::kLeastBytes / 2);
  ReceiveWindow window(pool);
  static_cast<void>(window.begin(40ms));
  ASSERT_TRUE(window.receive(64 * 1024, kStart, 40ms));
  EXPECT_GT(window.take(64 * 1024, {.now = kStart}), GrowthPool::kLeastBytes / 4);
}

TEST(Window, OpensEightMegabytesInAllForThoseWhoMayFallAsleep_F_SLOW) {
  GrowthPool pool;
  {
    std::deque<ReceiveWindow> windows;
    for (int i = 0; i < 64; ++i) {
      ReceiveWindow& window = windows.emplace_back(pool);
      ASSERT_TRUE(window.receive(200'000, kStart, 40ms));
      static_cast<void>(window.take(200'000, {.now = kStart}));
    }
    EXPECT_EQ(windows.front().size(), kMaxWindowBytes);
    EXPECT_LE(windows.back().size(), kFreeWindowBytes + 64 * 1024);
    EXPECT_LE(pool.usedEarly(), GrowthPool::kLeastBytes);
    EXPECT_EQ(pool.used(), 0u);
    // One of them proves to be awake.
    ASSERT_TRUE(windows.front().receive(kTrustedBytes, kStart, 40ms));
    static_cast<void>(windows.front().take(kTrustedBytes, {.now = kStart}));
    EXPECT_EQ(pool.used(), kMaxWindowBytes - kFreeWindowBytes);
  }
  EXPECT_EQ(pool.usedEarly(), 0u);
  EXPECT_EQ(pool.used(), 0u);
}

TEST(Window, ComesBackFromASenderThatNeedsNoMore) {
  Path path{.roundTrip = 40ms, .sentPerMs = 1'000};
  path.begin();
  EXPECT_GT(path.receiver.size(), GrowthPool::kLeastBytes / 4);
  path.run(20s);
  EXPECT_EQ(path.receiver.size(), kFirstWindowBytes);
  EXPECT_EQ(path.pool.used(), 0u);
  EXPECT_NEAR(static_cast<double>(path.taken), 20'000'000.0, 100'000.0);
}

TEST(Window, ComesBackFromAReceiverThatIsSlow_F_SLOW) {
  Path path{.roundTrip = 40ms, .sentPerMs = 100'000, .takenPerMs = 1'000};
  path.begin();
  path.run(1s);
  EXPECT_GT(path.queued, 1'000'000u);
  path.run(29s);
  EXPECT_EQ(path.receiver.size(), kFirstWindowBytes);
  EXPECT_LE(path.queued, kFirstWindowBytes);
  EXPECT_EQ(path.pool.used(), 0u);
  EXPECT_NEAR(static_cast<double>(path.taken), 30'000'000.0, 100'000.0);
}

TEST(Window, NeverShrinksBelowWhatTheFlowNeeds) {
  for (const std::size_t rate : {5'000, 10'000, 20'000, 50'000}) {
    Path path{.roundTrip = 40ms, .sentPerMs = rate};
    path.begin();
    path.run(30s);
    EXPECT_GE(path.taken, rate * 29'900) << rate;
  }
}

TEST(Window, KeepsItsSizeWhileTheSenderHasNothing) {
  GrowthPool pool;
  ReceiveWindow window(pool);
  static_cast<void>(window.begin(40ms));
  const std::size_t size = window.size();
  for (int i = 0; i < 100; ++i) {
    const Clock::time_point now = kStart + i * 1s;
    ASSERT_TRUE(window.receive(300'000, now, 40ms));
    static_cast<void>(window.take(300'000, {.now = now}));
  }
  EXPECT_GE(window.size(), size);
}

TEST(Window, ReturnsCreditByEighths) {
  GrowthPool pool;
  ReceiveWindow window(pool);
  ASSERT_TRUE(window.receive(64 * 1024, kStart, 1ms));
  EXPECT_EQ(window.take(32 * 1024 - 1, {.now = kStart, .queued = 32 * 1024 + 1}), 0u);
  EXPECT_EQ(window.take(1, {.now = kStart, .queued = 32 * 1024}), 32u * 1024);
}

TEST(Window, TakesWhatWasAllowedAndNotAByteMore) {
  GrowthPool pool;
  ReceiveWindow window(pool);
  EXPECT_TRUE(window.receive(kFirstWindowBytes, kStart, 1ms));
  EXPECT_FALSE(window.receive(1, kStart, 1ms));
}

TEST(Window, DoesNotGrowForAReceiverThatRefuses_F_SLOW) {
  GrowthPool pool;
  ReceiveWindow window(pool);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(window.receive(128 * 1024, kStart, 40ms));
    EXPECT_EQ(window.take(128 * 1024, {.now = kStart, .refused = true}), 128u * 1024);
  }
  EXPECT_EQ(window.size(), kFirstWindowBytes);
}

TEST(Window, GivesNoCreditWhileMemoryIsShort_LIM_10) {
  GrowthPool pool;
  ReceiveWindow window(pool);
  ASSERT_TRUE(window.receive(200'000, kStart, 40ms));
  EXPECT_EQ(window.take(100'000, {.now = kStart, .queued = 100'000, .mayCredit = false}), 0u);
  EXPECT_EQ(window.take(100'000, {.now = kStart, .refused = true}),
            200'000u);  // the queue is empty: nothing is lost
}

/// Grows a window to its largest.
void grow(ReceiveWindow& window) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(window.receive(200'000, kStart, 40ms));
    static_cast<void>(window.take(200'000, {.now = kStart}));
  }
}

TEST(Window, SharesThePoolBeyondHalfAMegabyte) {
  GrowthPool pool;
  const std::size_t limit = std::max(QueueBudget::limit() / 4, GrowthPool::kLeastBytes);
  {
    ReceiveWindow first(pool);
    grow(first);
    EXPECT_EQ(first.size(), kMaxWindowBytes);
    EXPECT_EQ(pool.used(), kMaxWindowBytes - kFreeWindowBytes);
    ASSERT_TRUE(pool.take(limit - pool.used()));
    while (pool.takeEarly(limit) > 0) continue;
    ReceiveWindow second(pool);
    grow(second);
    EXPECT_LE(second.size(), kFreeWindowBytes + 1);
    pool.give(limit - (kMaxWindowBytes - kFreeWindowBytes));
    pool.giveEarly(pool.usedEarly());
  }
  EXPECT_EQ(pool.used(), 0u);
}

TEST(Window, FallsBackByUseAfterAStall_F_SLOW) {
  GrowthPool pool;
  ReceiveWindow window(pool);
  grow(window);
  ASSERT_EQ(window.size(), kMaxWindowBytes);
  std::size_t queued = 0;
  while (window.receive(100'000, kStart + 1s, 40ms)) queued += 100'000;
  // Three seconds later the sleeper takes all of it: no more credit than the first window comes
  // back.
  std::size_t credit = 0;
  while (queued > 0) {
    queued -= 100'000;
    credit += window.take(100'000, {.now = kStart + 4s, .queued = queued, .waited = true});
  }
  EXPECT_EQ(window.size(), kFirstWindowBytes);
  EXPECT_LE(credit, kFirstWindowBytes);
  EXPECT_GE(credit, kFirstWindowBytes / 2);
  EXPECT_EQ(pool.used(), 0u);
}

TEST(Window, IsNeverStuck) {
  // Whatever is taken in whatever steps: once everything is taken, the sender may send again.
  GrowthPool pool;
  unsigned seed = 1;
  for (int round = 0; round < 200; ++round) {
    ReceiveWindow window(pool);
    SendWindow sender;
    sender.limit(kFirstWindowBytes);
    std::size_t queued = 0;
    for (int step = 0; step < 200; ++step) {
      seed = seed * 1'103'515'245 + 12'345;
      const Clock::time_point now = kStart + step * std::chrono::milliseconds(seed >> 24);
      const std::size_t sent = std::min<std::size_t>(sender.left(), seed >> 12 & 0x7ffff);
      sender.use(sent);
      ASSERT_TRUE(window.receive(sent, now, 40ms));
      queued += sent;
      const std::size_t taken = step % 7 == 6 ? queued : std::min<std::size_t>(queued, seed >> 16);
      queued -= taken;
      ASSERT_TRUE(sender.add(window.take(taken, {.now = now,
                                                 .queued = queued,
                                                 .waited = taken > sent,
                                                 .refused = queued > 0,
                                                 .mayCredit = (seed & 4) || !queued})));
    }
    ASSERT_TRUE(sender.add(window.take(queued, {.now = kStart + 1h, .queued = 0, .waited = true})));
    EXPECT_GE(sender.left(), kFirstWindowBytes / 8 * 7 - 64 * 1024);
  }
}

TEST(Window, RefusesCreditAboveTwoToTheThirtyFirst) {
  SendWindow window;
  EXPECT_EQ(window.left(), SIZE_MAX);
  window.limit(10);
  EXPECT_TRUE(window.add(kMaxCreditBytes - 10));
  EXPECT_FALSE(window.add(1));
}

}  // namespace
}  // namespace culvert::mux

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

/// A download over a path: the sender sends what its window allows, at most `rate`; the receiver's
/// side takes everything at once.  Steps of a millisecond.
struct Path {
  Path(Clock::duration itsRoundTrip, std::size_t itsRate)
      : roundTrip(itsRoundTrip), bytesPerMs(itsRate) {}

  Clock::duration roundTrip;
  std::size_t bytesPerMs;
  GrowthPool pool;
  ProvenWindow proven;
  SendWindow sender;
  ReceiveWindow receiver{pool, proven};
  std::size_t delivered = 0;

  void run(Clock::duration time) {
    sender.limit(kFirstWindowBytes);
    std::deque<std::pair<Clock::time_point, std::size_t>> data, credit;
    for (Clock::time_point now = kStart; now < kStart + time; now += 1ms) {
      while (!credit.empty() && credit.front().first <= now) {
        EXPECT_TRUE(sender.add(credit.front().second));
        credit.pop_front();
      }
      const std::size_t sent = std::min(sender.left(), bytesPerMs);
      if (sent > 0) {
        sender.use(sent);
        data.emplace_back(now + roundTrip / 2, sent);
      }
      while (!data.empty() && data.front().first <= now) {
        const std::size_t bytes = data.front().second;
        data.pop_front();
        ASSERT_TRUE(receiver.receive(bytes, now, roundTrip));
        delivered += bytes;
        const std::size_t due = receiver.take(bytes, {.now = now});
        if (due > 0) credit.emplace_back(now + roundTrip / 2, due);
      }
    }
  }
};

TEST(Window, QuadruplesEachRoundTripWhileItHoldsTheSenderBack) {
  Path start(40ms, 100'000), whole(40ms, 100'000);  // 100 MB/s: 4 MB under way
  start.run(160ms);
  EXPECT_EQ(start.receiver.size(), kMaxWindowBytes);
  EXPECT_GT(start.delivered, 4'500'000u);  // a window that doubles carries 1.8 MB
  whole.run(1s);
  EXPECT_GT(whole.delivered, 80'000'000u);  // a window that stays at 256 KiB carries 6.5 MB
}

TEST(Window, OpensAtOnceWhereALargeOneWasOfUse) {
  GrowthPool pool;
  ProvenWindow proven;
  proven.note(kMaxWindowBytes, kStart);
  {
    ReceiveWindow window(pool, proven);
    ASSERT_TRUE(window.receive(64 * 1024, kStart, 40ms));
    EXPECT_EQ(window.take(64 * 1024, {.now = kStart}),
              64 * 1024 + kMaxWindowBytes - kFirstWindowBytes);
  }
  ReceiveWindow later(pool, proven);
  const Clock::time_point forgotten = kStart + ProvenWindow::kHolds + 1s;
  ASSERT_TRUE(later.receive(64 * 1024, forgotten, 40ms));
  EXPECT_EQ(later.take(64 * 1024, {.now = forgotten}), 64u * 1024);
}

TEST(Window, OpensWithItsSessionWhereThePathIsLong) {
  GrowthPool pool;
  ProvenWindow proven;
  const auto creditOf = [&](Clock::duration roundTrip) {
    ReceiveWindow window(pool, proven);
    const std::size_t credit = window.begin(kStart, roundTrip);
    EXPECT_TRUE(window.receive(kFirstWindowBytes + credit, kStart, roundTrip));
    EXPECT_FALSE(window.receive(1, kStart, roundTrip));
    return credit;
  };
  EXPECT_EQ(creditOf(40ms), 0u);  // nothing is known of the path
  proven.note(kMaxWindowBytes, kStart);
  EXPECT_EQ(creditOf(40ms), kFreeWindowBytes - kFirstWindowBytes + GrowthPool::kLeastBytes / 4);
  EXPECT_EQ(creditOf(1ms), 0u);  // the first credit is there in no time
  EXPECT_EQ(pool.usedEarly(), 0u);
}

TEST(Window, LeavesHalfOfTheEightMegabytesToSessionsThatReceive_F_SLOW) {
  GrowthPool pool;
  ProvenWindow proven;
  proven.note(kMaxWindowBytes, kStart);
  std::deque<ReceiveWindow> resting;
  for (int i = 0; i < 64; ++i)
    static_cast<void>(resting.emplace_back(pool, proven).begin(kStart, 40ms));
  EXPECT_LE(pool.usedEarly(), GrowthPool::kLeastBytes / 2);
  ReceiveWindow window(pool, proven);
  static_cast<void>(window.begin(kStart, 40ms));
  ASSERT_TRUE(window.receive(64 * 1024, kStart, 40ms));
  EXPECT_GT(window.take(64 * 1024, {.now = kStart}), GrowthPool::kLeastBytes / 4);
}

TEST(Window, OpensEightMegabytesInAllForThoseWhoMayFallAsleep_F_SLOW) {
  GrowthPool pool;
  ProvenWindow proven;
  proven.note(kMaxWindowBytes, kStart);
  {
    std::deque<ReceiveWindow> windows;
    for (int i = 0; i < 64; ++i) {
      ReceiveWindow& window = windows.emplace_back(pool, proven);
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

TEST(Window, StaysSmallForASenderThatNeedsNoMore) {
  Path path(40ms, 1'000);
  path.run(5s);
  EXPECT_EQ(path.receiver.size(), kFirstWindowBytes);
  EXPECT_NEAR(static_cast<double>(path.delivered), 5'000'000.0, 100'000.0);
}

TEST(Window, ReturnsCreditByEighths) {
  GrowthPool pool;
  ProvenWindow proven;
  ReceiveWindow window(pool, proven);
  ASSERT_TRUE(window.receive(64 * 1024, kStart, 40ms));
  EXPECT_EQ(window.take(32 * 1024 - 1, {.now = kStart, .queued = 32 * 1024 + 1}), 0u);
  EXPECT_EQ(window.take(1, {.now = kStart, .queued = 32 * 1024}), 32u * 1024);
}

TEST(Window, TakesWhatWasAllowedAndNotAByteMore) {
  GrowthPool pool;
  ProvenWindow proven;
  ReceiveWindow window(pool, proven);
  EXPECT_TRUE(window.receive(kFirstWindowBytes, kStart, 1ms));
  EXPECT_FALSE(window.receive(1, kStart, 1ms));
}

TEST(Window, DoesNotGrowForAReceiverThatRefuses_F_SLOW) {
  GrowthPool pool;
  ProvenWindow proven;
  ReceiveWindow window(pool, proven);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(window.receive(128 * 1024, kStart, 40ms));
    EXPECT_EQ(window.take(128 * 1024, {.now = kStart, .refused = true}), 128u * 1024);
  }
  EXPECT_EQ(window.size(), kFirstWindowBytes);
}

TEST(Window, GivesNoCreditWhileMemoryIsShort_LIM_10) {
  GrowthPool pool;
  ProvenWindow proven;
  ReceiveWindow window(pool, proven);
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
  ProvenWindow proven;
  const std::size_t limit = std::max(QueueBudget::limit() / 4, GrowthPool::kLeastBytes);
  {
    ReceiveWindow first(pool, proven);
    grow(first);
    EXPECT_EQ(first.size(), kMaxWindowBytes);
    EXPECT_EQ(pool.used(), kMaxWindowBytes - kFreeWindowBytes);
    ASSERT_TRUE(pool.take(limit - pool.used()));
    while (pool.takeEarly(limit) > 0) continue;
    ReceiveWindow second(pool, proven);
    grow(second);
    EXPECT_LE(second.size(), kFreeWindowBytes + 1);
    pool.give(limit - (kMaxWindowBytes - kFreeWindowBytes));
    pool.giveEarly(pool.usedEarly());
  }
  EXPECT_EQ(pool.used(), 0u);
}

TEST(Window, FallsBackByUseAfterAStall_F_SLOW) {
  GrowthPool pool;
  ProvenWindow proven;
  ReceiveWindow window(pool, proven);
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
  ProvenWindow proven;
  unsigned seed = 1;
  for (int round = 0; round < 200; ++round) {
    ReceiveWindow window(pool, proven);
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

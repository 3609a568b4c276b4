#include "bench/netsim/Path.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace culvert::netsim {
namespace {

constexpr std::size_t kSlots = 64, kSlotBytes = 4096;

/// A path fed with letters: what comes out, in its order.
struct Line {
  explicit Line(const PathSettings& settings, std::uint64_t seed = 1)
      : path(settings, seed, kSlots, kSlotBytes) {}

  void offer(char letter, Nanoseconds now, std::size_t wireBytes = 100) {
    std::uint8_t* const room = path.room();
    ASSERT_NE(room, nullptr);
    *room = static_cast<std::uint8_t>(letter);
    path.offer({.size = 1, .wireBytes = wireBytes, .wirePackets = 1, .largest = wireBytes}, now);
  }
  std::string arrivedBy(Nanoseconds now) {
    std::string letters;
    for (Path::Slot slot = path.due(now); slot.data; slot = path.due(now)) {
      letters.push_back(static_cast<char>(*slot.data));
      path.pop();
    }
    return letters;
  }

  Path path;
};

TEST(Path, DeliversAfterTheDelayAndInOrder) {
  Line line({.delay = 20 * kMillisecond});
  line.offer('a', 0);
  line.offer('b', kMillisecond);
  EXPECT_EQ(line.path.next(), 20 * kMillisecond);
  EXPECT_EQ(line.arrivedBy(20 * kMillisecond - 1), "");
  EXPECT_EQ(line.arrivedBy(20 * kMillisecond), "a");
  EXPECT_EQ(line.arrivedBy(21 * kMillisecond), "b");
  EXPECT_EQ(line.path.next(), -1);
}

TEST(Path, SendsAtTheRateAndDropsWhatWouldWaitTooLong) {
  // 1000 bytes take 1 ms; three may wait.
  Line line({.bitsPerSecond = 8e6, .queue = 3 * kMillisecond});
  for (const char letter : {'a', 'b', 'c', 'd', 'e'}) line.offer(letter, 0, 1000);
  EXPECT_EQ(line.path.counts().queueFull, 1u);
  EXPECT_EQ(line.arrivedBy(kMillisecond), "a");
  EXPECT_EQ(line.arrivedBy(4 * kMillisecond), "bcd");
  line.offer('f', 10 * kMillisecond, 1000);
  EXPECT_EQ(line.arrivedBy(11 * kMillisecond - 1), "");
  EXPECT_EQ(line.arrivedBy(11 * kMillisecond), "f");
}

TEST(Path, LosesTheShareItWasToldTheSameForTheSameSeed) {
  const auto lost = [](std::uint64_t seed) {
    Line line({.loss = 0.1}, seed);
    for (int i = 0; i < 10'000; ++i) {
      line.offer('x', i);
      line.arrivedBy(i);
    }
    return line.path.counts().lost;
  };
  EXPECT_NEAR(static_cast<double>(lost(1)), 1000, 150);
  EXPECT_EQ(lost(7), lost(7));
  EXPECT_NE(lost(7), lost(8));
}

TEST(Path, SwallowsWhatIsTooBigForTheHole) {
  Line line({.holeBytes = 1300});
  line.offer('a', 0, 1300);
  line.offer('b', 0, 1301);
  line.offer('c', 0, 40);
  EXPECT_EQ(line.arrivedBy(0), "ac");
  EXPECT_EQ(line.path.counts().hole, 1u);
}

TEST(Path, JitterKeepsTheOrderWithinItsBounds) {
  Line line({.delay = 50 * kMillisecond, .jitter = 20 * kMillisecond});
  std::string sent, got;
  Nanoseconds at = 0;
  for (int i = 0; i < 26; ++i) {
    const char letter = static_cast<char>('a' + i);
    line.offer(letter, at);
    sent.push_back(letter);
    at += 4 * kMillisecond;
    EXPECT_GE(line.path.next(), i == 0 ? 30 * kMillisecond : 0);
  }
  got = line.arrivedBy(at + 70 * kMillisecond);
  EXPECT_EQ(got, sent);
}

TEST(Path, ReordersAndDuplicatesWhenTold) {
  Line late({.delay = 20 * kMillisecond, .reorder = 1});
  late.offer('a', 0);
  EXPECT_EQ(late.arrivedBy(21 * kMillisecond - 1), "");
  EXPECT_EQ(late.arrivedBy(25 * kMillisecond), "a");
  Line twice({.duplicate = 1});
  twice.offer('a', 0);
  EXPECT_EQ(twice.arrivedBy(0), "aa");
}

TEST(Path, SaysWhenEverySlotIsUnderWay) {
  Line line({.delay = kMillisecond});
  for (std::size_t i = 0; i < kSlots; ++i) line.offer('x', 0);
  EXPECT_EQ(line.path.room(), nullptr);
  EXPECT_EQ(line.arrivedBy(kMillisecond).size(), kSlots);
  EXPECT_NE(line.path.room(), nullptr);
}

}  // namespace
}  // namespace culvert::netsim

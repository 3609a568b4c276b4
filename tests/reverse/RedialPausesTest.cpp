#include "reverse/RedialPauses.h"

#include <gtest/gtest.h>

namespace culvert::reverse {
namespace {

using namespace std::chrono_literals;
constexpr Clock::time_point kStart{1h};
constexpr double kMiddle = 0.5;  // no jitter

TEST(RedialPauses, GrowWithTheTimeSinceAHealthyLinkWasLost_F_HOLE) {
  RedialPauses pauses(kStart);
  EXPECT_EQ(pauses.lost(kStart - 1min, kStart), 0s);
  EXPECT_EQ(pauses.dialing(kStart, kMiddle), 250ms);
  EXPECT_EQ(pauses.dialing(kStart + 250ms, kMiddle), 500ms);
  EXPECT_EQ(pauses.dialing(kStart + 750ms, kMiddle), 1s);
  EXPECT_EQ(pauses.dialing(kStart + 9750ms, kMiddle), 1s);
  EXPECT_EQ(pauses.dialing(kStart + 10750ms, kMiddle), 3s);
  EXPECT_EQ(pauses.dialing(kStart + 9min + 59s, kMiddle), 3s);
  EXPECT_EQ(pauses.dialing(kStart + 10min, kMiddle), 15s);
  EXPECT_EQ(pauses.dialing(kStart + 24h, kMiddle), 15s);
  EXPECT_EQ(pauses.lost(kStart + 24h, kStart + 25h), 0s);
  EXPECT_EQ(pauses.dialing(kStart + 25h, kMiddle), 250ms);
}

TEST(RedialPauses, CarryJitter_F_HERD) {
  RedialPauses pauses(kStart);
  EXPECT_EQ(pauses.dialing(kStart + 20min, 0.0), 200ms);
  EXPECT_EQ(pauses.dialing(kStart + 20min, 1.0), 600ms);
  EXPECT_EQ(pauses.dialing(kStart + 20min, 0.0), 12s);
  EXPECT_EQ(pauses.dialing(kStart + 20min, 1.0), 18s);
}

TEST(RedialPauses, DoubleForALinkThatDiesYoung_F_FLAP) {
  RedialPauses pauses(kStart);
  Clock::time_point now = kStart;
  for (const Clock::duration expected : {250ms, 500ms, 1000ms, 2000ms, 3000ms, 3000ms}) {
    const Clock::time_point born = now;
    now += 1s;
    EXPECT_EQ(pauses.lost(born, now), expected);
  }
  EXPECT_EQ(pauses.lost(now, now + 10s), 0s);
  EXPECT_EQ(pauses.lost(now, now + 1s), 250ms);
}

}  // namespace
}  // namespace culvert::reverse

#include "reverse/Lasting.h"

#include <gtest/gtest.h>

namespace culvert::reverse {
namespace {

using namespace std::chrono_literals;
constexpr Clock::time_point kStart{1h};

TEST(Lasting, CountsOnceItHasHeldWithoutABreak) {
  Lasting condition(2s);
  EXPECT_EQ(condition.due(), Clock::time_point::max());
  EXPECT_FALSE(condition.update(true, kStart));
  EXPECT_EQ(condition.due(), kStart + 2s);
  EXPECT_FALSE(condition.update(true, kStart + 1s));
  EXPECT_FALSE(condition.update(false, kStart + 1500ms));
  EXPECT_EQ(condition.due(), Clock::time_point::max());
  EXPECT_FALSE(condition.update(true, kStart + 3s));
  EXPECT_TRUE(condition.update(true, kStart + 5s));
  EXPECT_TRUE(condition.update(true, kStart + 6s));
}

TEST(Lasting, BeginsAnewAfterARestart) {
  Lasting condition(2s);
  EXPECT_FALSE(condition.update(true, kStart));
  condition.restart();
  EXPECT_FALSE(condition.update(true, kStart + 2s));
  EXPECT_TRUE(condition.update(true, kStart + 4s));
}

}  // namespace
}  // namespace culvert::reverse

#include "service/Memory.h"

#include <gtest/gtest.h>

namespace culvert::service {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

TEST(Memory, GivesQueuesAQuarterWithinBounds_LIM_10) {
  EXPECT_EQ(queueLimit(0), 16 * kMiB);
  EXPECT_EQ(queueLimit(32 * kMiB), 16 * kMiB);
  EXPECT_EQ(queueLimit(400 * kMiB), 100 * kMiB);
  EXPECT_EQ(queueLimit(std::size_t{8192} * kMiB), 256 * kMiB);
}

TEST(Memory, KnowsALimitOfThisMachine_LIM_19) {
  EXPECT_GT(memoryLimit(), kMiB);
  EXPECT_LT(memoryLimit(), std::size_t{1} << 46);
}

}  // namespace
}  // namespace culvert::service

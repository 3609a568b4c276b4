#include "crypto/Random.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

namespace culvert::crypto {
namespace {

TEST(Random, DoesNotRepeatItself) {
  std::set<std::array<std::uint8_t, 16>> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(randomBytes<16>()).second);
}

TEST(Random, BelowReachesEveryValueAndNoOther) {
  std::array<int, 7> counts{};
  for (int i = 0; i < 7000; ++i) {
    const std::uint32_t value = randomBelow(7);
    ASSERT_LT(value, 7u);
    ++counts[value];
  }
  // 1000 expected each; 800 is seven standard deviations away.
  for (const int count : counts) EXPECT_GT(count, 800);
  EXPECT_EQ(randomBelow(1), 0u);
}

TEST(Random, PaddingIsFilledWholeAcrossTheEndOfThePool) {
  std::set<test::ByteVector> seen;
  for (int i = 0; i < 500; ++i) {  // 500 x 63 bytes are many pools of 4096
    test::ByteVector bytes(63);
    fillPadding(bytes);
    EXPECT_TRUE(seen.insert(bytes).second);
  }
  test::ByteVector large(10'000);
  fillPadding(large);
  for (std::size_t at = 0; at + 64 <= large.size(); at += 64) {
    EXPECT_TRUE(seen.insert(test::ByteVector(large.begin() + static_cast<std::ptrdiff_t>(at),
                                             large.begin() + static_cast<std::ptrdiff_t>(at) + 64))
                    .second);
  }
}

TEST(Random, EachThreadHasPaddingOfItsOwn) {
  test::ByteVector here(32), there(32);
  fillPadding(here);
  std::thread([&there] { fillPadding(there); }).join();
  EXPECT_NE(here, there);
}

}  // namespace
}  // namespace culvert::crypto

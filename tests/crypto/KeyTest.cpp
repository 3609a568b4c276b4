#include "crypto/Key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace culvert::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<Key16> && !std::is_copy_assignable_v<Key16>);

const std::array<std::uint8_t, 16> kBytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

bool isWiped(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

TEST(Key, LeavesNothingWhereItWas_KEY_5) {
  alignas(Key16) std::array<std::uint8_t, sizeof(Key16)> place;
  Key16* const key = new (place.data()) Key16(kBytes);
  ASSERT_FALSE(isWiped(place));
  key->~Key16();
  EXPECT_TRUE(isWiped(place));
}

TEST(Key, MovesAndWipesItsSource_KEY_5) {
  Key16 from(kBytes);
  Key16 to(std::move(from));
  EXPECT_TRUE(isWiped(from.view()));  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_TRUE(std::equal(kBytes.begin(), kBytes.end(), to.view().begin()));

  Key16 assigned;
  assigned = std::move(to);
  EXPECT_TRUE(isWiped(to.view()));  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(equalSecrets(assigned.view(), kBytes));
  EXPECT_TRUE(equalSecrets(assigned.clone().view(), kBytes));
}

}  // namespace
}  // namespace culvert::crypto

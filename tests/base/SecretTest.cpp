#include "base/Secret.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace culvert {
namespace {

TEST(Secret, LeavesNothingInTheSourceOfAMove_KEY_5) {
  Secret from("short");
  const Secret to = std::move(from);
  EXPECT_EQ(to.reveal(), "short");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST(Secret, WipesBytes_KEY_5) {
  std::array<std::uint8_t, 4> bytes{1, 2, 3, 4};
  wipe(bytes);
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 4>{}));
}

TEST(Secret, ComparesWholeTexts_AUTH_9) {
  EXPECT_TRUE(equalSecrets(asBytes("abc"), asBytes("abc")));
  EXPECT_FALSE(equalSecrets(asBytes("abc"), asBytes("abd")));
  EXPECT_FALSE(equalSecrets(asBytes("abc"), asBytes("ab")));
  EXPECT_TRUE(equalSecrets({}, {}));
}

}  // namespace
}  // namespace culvert

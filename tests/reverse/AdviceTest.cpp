#include "reverse/Advice.h"

#include <gtest/gtest.h>

namespace culvert::reverse {
namespace {

using namespace std::chrono_literals;
const std::string kDomain = "nas1.bridge.culvert.internal";

TEST(Advice, SaysWhatARegistrationLacks) {
  EXPECT_EQ(adviseOnRegistration("nas1", "default.bridge.culvert.internal", {kDomain}),
            "id of \"nas1\" asked to register \"default.bridge.culvert.internal\": set "
            "bridge.name: nas1 on the NAS");
  EXPECT_EQ(adviseOnRegistration("", kDomain, {"default.bridge.culvert.internal"}),
            "a bridge asked for \"nas1.bridge.culvert.internal\" but this portal has no named "
            "bridges: remove "
            "bridge.name, or list it under portal.bridges");
  EXPECT_EQ(adviseOnRegistration("nas1", "private.cloud.com", {"private.cloud.com"}), "");
}

TEST(Advice, IsGivenOnceAMinute) {
  OncePerMinute once;
  const Clock::time_point now{1h};
  EXPECT_TRUE(once.admit("a", now));
  EXPECT_FALSE(once.admit("a", now + 59s));
  EXPECT_TRUE(once.admit("b", now + 59s));
  EXPECT_TRUE(once.admit("a", now + 60s));
  for (int i = 0; i < 5000; ++i) once.admit(std::to_string(i), now + 60s);
  EXPECT_FALSE(once.admit("one too many", now + 60s));
  EXPECT_TRUE(once.admit("later again", now + 3min));
}

}  // namespace
}  // namespace culvert::reverse

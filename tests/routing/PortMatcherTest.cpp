#include "routing/PortMatcher.h"
#include "routing/RuleText.h"

#include <gtest/gtest.h>

namespace culvert::routing {
namespace {

PortMatcher ports(const std::string& text) {
  config::Problems problems;
  PortMatcher matcher(config::Node::string(text), problems);
  EXPECT_EQ(problems.errors(), 0u) << problems.text();
  return matcher;
}

TEST(PortMatcher, CoversWhatItsRangesHoldTogether) {
  EXPECT_TRUE(ports("1-100,101-200").covers(ports("50-150")));
  EXPECT_TRUE(ports("1-65535").covers(ports("1,2,65535")));
  EXPECT_FALSE(ports("1-100,102-200").covers(ports("50-150")));
  EXPECT_FALSE(ports("80").covers(ports("80-81")));
}

TEST(PortMatcher, TakesTheLastPort) {
  EXPECT_TRUE(ports("65000-65535").matches(65535));
  EXPECT_FALSE(ports("65000-65534").matches(65535));
}

}  // namespace
}  // namespace culvert::routing

#include "routing/DomainMatcher.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::routing {
namespace {

TEST(DomainMatcher, MatchesNothingWhenEmpty) {
  const DomainMatcher matcher;
  EXPECT_FALSE(matcher.matches(""));
  EXPECT_FALSE(matcher.matches("a.test"));
}

TEST(DomainMatcher, FindsOneNameAmongManyThousand) {
  DomainMatcher matcher;
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_FALSE(matcher.add(DomainMatcher::Type::Domain, "site" + std::to_string(i) + ".test"));
  }
  EXPECT_TRUE(matcher.matches("www.site99999.test"));
  EXPECT_TRUE(matcher.matches("site0.test"));
  EXPECT_FALSE(matcher.matches("site100000.test"));
}

TEST(DomainMatcher, KeepsAnExpressionLinearInTheName) {
  DomainMatcher matcher;
  ASSERT_FALSE(matcher.add("regexp:^(([a-z])+.)+[A-Z]([a-z])+$"));
  EXPECT_FALSE(matcher.matches(std::string(255, 'a')));
}

}  // namespace
}  // namespace culvert::routing

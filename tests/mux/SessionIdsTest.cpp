#include "mux/SessionIds.h"

#include <gtest/gtest.h>

#include <set>

namespace culvert::mux {
namespace {

using namespace std::chrono_literals;
constexpr Clock::time_point kStart{1h};
const auto nothingLives = [](SessionId) { return false; };

TEST(SessionIds, CountFromOneAndLeaveTheProbesTheirs) {
  SessionIds ids;
  EXPECT_EQ(ids.next(kStart, nothingLives), SessionId{1});
  for (int i = 2; i <= SessionIds::kLast; ++i) EXPECT_EQ(ids.next(kStart, nothingLives), i);
  EXPECT_EQ(ids.next(kStart, nothingLives), SessionId{1});
}

TEST(SessionIds, SkipLiveAndRecentlyClosedOnes) {
  SessionIds ids;
  ids.close(2, kStart);
  const auto threeLives = [](SessionId id) { return id == 3; };
  EXPECT_EQ(ids.next(kStart, threeLives), SessionId{1});
  EXPECT_EQ(ids.next(kStart, threeLives), SessionId{4});
  EXPECT_TRUE(ids.wasRecentlyClosed(2, kStart + 29s));
  EXPECT_FALSE(ids.wasRecentlyClosed(2, kStart + 30s));
}

TEST(SessionIds, AreUsedUpWhenAllAreLive) {
  SessionIds ids;
  EXPECT_EQ(ids.next(kStart, [](SessionId) { return true; }), std::nullopt);
}

TEST(SessionIds, ForgetInOrder) {
  SessionIds ids;
  for (SessionId id = 1; id <= 100; ++id) ids.close(id, kStart + id * 1s);
  EXPECT_FALSE(ids.wasRecentlyClosed(70, kStart + 100s));
  EXPECT_TRUE(ids.wasRecentlyClosed(71, kStart + 100s));
  ids.reopen(80);
  EXPECT_FALSE(ids.wasRecentlyClosed(80, kStart + 100s));
}

}  // namespace
}  // namespace culvert::mux

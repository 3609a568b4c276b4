#include "proxy/vmess/AlterIdTable.h"
#include "proxy/vmess/Vectors.h"

#include <gtest/gtest.h>

#include <vector>

namespace culvert::vmess {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;

std::vector<Account> seed(std::uint16_t alterId = 4) {
  std::vector<Account> accounts;
  accounts.emplace_back(test::uuidOf("27848739-7e62-4138-9fd3-098a63964b6b"), std::uint16_t{0},
                        "aead only");
  accounts.emplace_back(test::uuidOf("b831381d-6324-4d53-ad4f-8cda48b30811"), alterId, "nas");
  return accounts;
}

/// The hash of one of the second account's ids.
crypto::Md5Digest authOf(std::size_t id, std::int64_t seconds) {
  static const std::vector<Account> accounts = seed(64);
  static const std::vector<crypto::Key16> ids = accounts[1].legacyIds();
  return legacyAuth(ids[id].view(), seconds);
}

TEST(AlterIdTable, FindsEveryIdAndSecondOfTheWindowAndNoOther) {
  AlterIdTable table(seed());
  while (!table.advance(kNow, 1)) {
  }
  for (std::size_t id = 0; id <= 4; ++id) {
    for (std::int64_t off = -120; off <= 120; ++off) {
      const auto match = table.find(authOf(id, kNow + off), kNow);
      ASSERT_TRUE(match) << "id " << id << ", second " << off;
      EXPECT_EQ(match->account, 1u);
      EXPECT_EQ(match->seconds, kNow + off);
    }
    EXPECT_FALSE(table.find(authOf(id, kNow - 121), kNow));
    EXPECT_FALSE(table.find(authOf(id, kNow + 121), kNow));
  }
  EXPECT_FALSE(table.find(authOf(5, kNow), kNow)) << "an id behind the last";
}

TEST(AlterIdTable, DoesNotAcceptUsersWithoutAlterIds_CRY_1) {
  AlterIdTable table(seed());
  const Uuid id = test::uuidOf("27848739-7e62-4138-9fd3-098a63964b6b");
  EXPECT_FALSE(table.find(legacyAuth(id, kNow), kNow));

  std::vector<Account> none;
  none.emplace_back(id, std::uint16_t{0}, "");
  AlterIdTable empty(none);
  EXPECT_TRUE(empty.empty());
  EXPECT_TRUE(empty.advance(kNow, 1));
  EXPECT_FALSE(empty.find(legacyAuth(id, kNow), kNow));
}

TEST(AlterIdTable, FindsBeforeItIsComplete) {
  for (const std::int64_t off : {0, 29, -30, 120, -120}) {
    AlterIdTable table(seed());
    EXPECT_TRUE(table.find(authOf(3, kNow + off), kNow)) << off;
  }
}

TEST(AlterIdTable, GrowsFromNowOutwards) {
  AlterIdTable table(seed(64));
  EXPECT_FALSE(table.advance(kNow, 61));
  EXPECT_EQ(table.size(), 61u * 65u);
  const std::size_t before = table.size();
  EXPECT_TRUE(table.find(authOf(64, kNow + 29), kNow));
  EXPECT_TRUE(table.find(authOf(64, kNow - 30), kNow));
  EXPECT_LE(table.size(), before + 4 * 2 * 65) << "what honest clients send was there already";
}

TEST(AlterIdTable, MovesWithTheClockWithoutGrowing) {
  AlterIdTable table(seed());
  while (!table.advance(kNow, 8)) {
  }
  std::size_t largest = 0;
  for (std::int64_t now = kNow + 1; now < kNow + 5000; ++now) {
    EXPECT_TRUE(table.advance(now, 1));
    largest = std::max(largest, table.size());
    EXPECT_TRUE(table.find(authOf(2, now + 120), now));
    EXPECT_TRUE(table.find(authOf(2, now - 120), now));
    EXPECT_FALSE(table.find(authOf(2, now - 121), now));
  }
  EXPECT_LE(largest, 5u * 241u * 4u);
}

TEST(AlterIdTable, FollowsAClockThatJumps_F_CLOCK) {
  AlterIdTable table(seed());
  std::int64_t now = kNow;
  for (const std::int64_t step : {0, 3600, -7200, 86'400, -300, 100, -1'600'000'000}) {
    now += step;
    EXPECT_TRUE(table.find(authOf(1, now), now)) << step;
    EXPECT_TRUE(table.find(authOf(4, now - 120), now)) << step;
    EXPECT_FALSE(table.find(authOf(1, now + 121), now)) << step;
  }
}

}  // namespace
}  // namespace culvert::vmess

#include "crypto/AesBlock.h"
#include "proxy/vmess/Users.h"
#include "proxy/vmess/Vectors.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace culvert::vmess {
namespace {

using test::at;

constexpr std::int64_t kTime = 1'700'000'000;

Uuid numbered(std::uint8_t number) {
  Uuid id{};
  id.back() = number;
  return id;
}

std::unique_ptr<Users> hundred(std::uint16_t alterId = 0) {
  std::vector<Account> accounts;
  for (std::uint8_t i = 1; i <= 100; ++i) {
    accounts.emplace_back(numbered(i), alterId, "user " + std::to_string(i));
  }
  return std::make_unique<Users>(
      std::move(accounts),
      std::make_shared<ReplayHistory>(makeReplayStore(ReplayHistory::tableBytes(4096)),
                                      ReplayHistory::State::Fresh, at(kTime)));
}

AuthId authOf(std::uint8_t user, std::int64_t seconds) {
  crypto::AesBlock cipher(crypto::Way::Encrypt,
                          authIdKey(commandKey(numbered(user)).view()).view());
  return cipher.apply(authBlock(seconds, {1, 2, 3, 4}));
}

TEST(Users, FindTheRightOneOfAHundred) {
  const auto users = hundred();
  for (std::uint8_t i = 1; i <= 100; ++i) {
    const auto match = users->find(authOf(i, kTime + 5), at(kTime));
    ASSERT_TRUE(match);
    EXPECT_EQ(match.value().account->label(), "user " + std::to_string(i));
    EXPECT_EQ(match.value().seconds, kTime + 5);
    EXPECT_EQ(match.value().kind, HeaderKind::Aead);
  }
  EXPECT_EQ(users->find(authOf(101, kTime), at(kTime)).error(), Errc::Unauthenticated);
}

TEST(Users, RefuseTimesBefore1970AndBeyondAllBounds) {
  const auto users = hundred();
  EXPECT_EQ(users->find(authOf(1, -1), at(kTime)).error(), Errc::Unauthenticated);
  EXPECT_EQ(users->find(authOf(1, -1), at(-1)).error(), Errc::Unauthenticated);
  EXPECT_EQ(users->find(authOf(1, INT64_MAX), at(kTime)).error(), Errc::ClockSkew);
  EXPECT_EQ(users->find(authOf(1, INT64_MAX), at(-5)).error(), Errc::ClockSkew);
  EXPECT_TRUE(users->find(authOf(1, 0), at(100)));
}

TEST(Users, WithAlterIdsAreFoundByTheirHash) {
  std::vector<Account> accounts;
  accounts.emplace_back(numbered(1), std::uint16_t{0}, "aead");
  accounts.emplace_back(numbered(2), std::uint16_t{2}, "legacy");
  Users users(std::move(accounts),
              std::make_shared<ReplayHistory>(makeReplayStore(ReplayHistory::tableBytes(4096)),
                                              ReplayHistory::State::Fresh, at(kTime)));
  EXPECT_TRUE(users.hasLegacy());
  const auto match = users.find(legacyAuth(nextAlterId(numbered(2)), kTime), at(kTime));
  ASSERT_TRUE(match);
  EXPECT_EQ(match.value().account->label(), "legacy");
  EXPECT_EQ(match.value().kind, HeaderKind::Legacy);
  EXPECT_FALSE(hundred()->hasLegacy());
  EXPECT_TRUE(hundred()->advance(at(kTime)));
}

}  // namespace
}  // namespace culvert::vmess

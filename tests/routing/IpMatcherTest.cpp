#include "routing/IpMatcher.h"

#include <gtest/gtest.h>

#include <random>

namespace culvert::routing {
namespace {

Ip ip(const char* text) {
  return Ip::parse(text).value();
}
Cidr block(const char* text) {
  return parseCidr(text).value();
}

TEST(IpSet, AgreesWithTestingEveryBlock) {
  std::mt19937 random(20240607);
  const auto draw = [&] {
    std::array<std::uint8_t, 4> bytes{10, static_cast<std::uint8_t>(random() % 4),
                                      static_cast<std::uint8_t>(random() % 8),
                                      static_cast<std::uint8_t>(random())};
    return Ip::fromBytes(bytes);
  };
  std::vector<Cidr> blocks;
  for (int i = 0; i < 200; ++i)
    blocks.push_back({draw(), 22 + static_cast<unsigned>(random() % 11)});
  blocks.resize(40);
  const IpSet set(blocks);
  int inside = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Ip address = draw();
    bool expected = false;
    for (const Cidr& each : blocks) expected = expected || each.contains(address);
    ASSERT_EQ(set.contains(address), expected) << toString(address);
    inside += expected ? 1 : 0;
  }
  EXPECT_GT(inside, 100);
  EXPECT_LT(inside, 19'900);
}

TEST(IpSet, KeepsTheFamiliesApart) {
  const IpSet set({block("0.0.0.0/0")});
  EXPECT_TRUE(set.contains(ip("255.255.255.255")));
  EXPECT_TRUE(set.contains(ip("0.0.0.0")));
  EXPECT_FALSE(set.contains(ip("::")));
}

TEST(IpMatcher, KnowsThePrivateRanges) {
  IpMatcher matcher;
  matcher.add(privateBlocks());
  matcher.finish();
  for (const char* text : {"0.1.2.3",
                           "10.0.0.1",
                           "100.64.0.1",
                           "127.0.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.1",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.255.255",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.7",
                           "203.0.113.7",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fc00::1",
                           "fdff::1",
                           "fe80::1",
                           "ff02::1"}) {
    EXPECT_TRUE(matcher.matches(ip(text))) << text;
  }
  for (const char* text : {"1.1.1.1", "100.128.0.1", "172.32.0.1", "192.0.1.1", "192.169.0.1",
                           "198.20.0.1", "223.255.255.255", "2001:4860::8888", "fec0::1", "2::1"}) {
    EXPECT_FALSE(matcher.matches(ip(text))) << text;
  }
}

TEST(IpMatcher, TakesNegatedListsAsAlternatives) {
  IpMatcher matcher;
  matcher.addAllBut({block("10.0.0.0/8")});
  matcher.add(block("10.1.2.3"));
  matcher.finish();
  EXPECT_TRUE(matcher.matches(ip("8.8.8.8")));
  EXPECT_TRUE(matcher.matches(ip("10.1.2.3")));
  EXPECT_FALSE(matcher.matches(ip("10.1.2.4")));
  EXPECT_TRUE(matcher.matchesAny({ip("10.1.2.4"), ip("8.8.8.8")}));
  EXPECT_FALSE(matcher.matchesAny({}));
}

}  // namespace
}  // namespace culvert::routing

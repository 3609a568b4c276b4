#include "net/Connections.h"
#include "net/FdLimit.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <vector>

namespace culvert::test {
namespace {

using Kind = Connections::Kind;

Ip ip(const char* text) {
  return Ip::parse(text).value();
}

TEST(Connections, HasALimitThatLinksMayExceed_LIM_5) {
  Connections connections;
  connections.setLimit(3);
  std::vector<Connections::Slot> slots;
  for (int i = 0; i < 3; ++i) {
    slots.push_back(connections.take(Kind::Ordinary));
    EXPECT_TRUE(slots.back());
  }
  EXPECT_FALSE(connections.take(Kind::Ordinary));
  EXPECT_FALSE(connections.takeVisitor(Ip::loopback4()));
  EXPECT_FALSE(connections.hasRoom(Kind::Visitor));
  EXPECT_TRUE(connections.hasRoom(Kind::Reserved));
  EXPECT_TRUE(connections.take(Kind::Reserved));
  slots.pop_back();
  EXPECT_TRUE(connections.take(Kind::Visitor));
  EXPECT_EQ(connections.total(), 2U);
}

TEST(Connections, LinksHaveALimitToo_LIM_20) {
  Connections connections;
  connections.setLimit(0);
  std::vector<Connections::Slot> slots;
  for (std::size_t i = 0; i < Connections::kLinkReserve; ++i) {
    slots.push_back(connections.take(Kind::Reserved));
    EXPECT_TRUE(slots.back());
  }
  EXPECT_FALSE(connections.take(Kind::Reserved));
}

TEST(Connections, HasRoomAgainBelow95Percent_LIM_5) {
  Connections connections;
  connections.setLimit(100);
  std::vector<Connections::Slot> slots;
  for (int i = 0; i < 95; ++i) slots.push_back(connections.take(Kind::Visitor));
  EXPECT_FALSE(connections.hasRoomAgain(Kind::Visitor));
  slots.pop_back();
  EXPECT_TRUE(connections.hasRoomAgain(Kind::Visitor));
}

TEST(Connections, OneSourceGetsNoMoreThan256OnceHalfIsUsed_LIM_4) {
  Connections connections;
  connections.setLimit(700);
  std::vector<Connections::Slot> greedy;
  // Half of 700 is not exceeded before the 351st: so far one source may have them all.
  for (int i = 0; i < 350; ++i) {
    greedy.push_back(connections.takeVisitor(ip("192.0.2.1")));
    ASSERT_TRUE(greedy.back()) << i;
  }
  EXPECT_FALSE(connections.takeVisitor(ip("192.0.2.1")));
  EXPECT_TRUE(connections.takeVisitor(ip("192.0.2.2")));
  EXPECT_TRUE(connections.takeVisitor(Ip::loopback4()));
  EXPECT_EQ(connections.total(), 350U);
  greedy.resize(255);
  EXPECT_TRUE(connections.takeVisitor(ip("192.0.2.1")));
}

TEST(Connections, AnIPv6SourceIsItsFirst64Bits_LIM_4) {
  EXPECT_EQ(sourcePrefix(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
  EXPECT_EQ(sourcePrefix(ip("192.0.2.77")), ip("192.0.2.77"));
  Connections connections;
  connections.setLimit(300);
  std::vector<Connections::Slot> slots;
  for (int i = 0; i < 256; ++i) {
    slots.push_back(connections.takeVisitor(ip(("2001:db8::" + std::to_string(i)).c_str())));
    ASSERT_TRUE(slots.back());
  }
  EXPECT_FALSE(connections.takeVisitor(ip("2001:db8::ffff")));
  EXPECT_TRUE(connections.takeVisitor(ip("2001:db8:0:1::1")));
}

TEST(Connections, AMovedSlotCountsOnce) {
  Connections connections;
  Connections::Slot a = connections.takeVisitor(ip("192.0.2.1"));
  Connections::Slot b = std::move(a);
  EXPECT_TRUE(b);
  EXPECT_EQ(connections.total(), 1U);
  b = Connections::Slot();
  EXPECT_EQ(connections.total(), 0U);
}

TEST(FdLimit, RaisesTheSoftLimitAndKeepsAReserve_LIM_20) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const std::size_t limitBefore = Connections::ofProcess().limit();
  const rlimit low{std::min<rlim_t>(256, before.rlim_max), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);

  const std::size_t limit = raiseDescriptorLimit();

  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, std::min<rlim_t>(before.rlim_max, 65'536));
  EXPECT_EQ(limit, after.rlim_cur - Connections::kReserve);
  EXPECT_EQ(Connections::ofProcess().limit(), limit);
  Connections::ofProcess().setLimit(limitBefore);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace culvert::test

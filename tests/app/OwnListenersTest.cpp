#include "app/OwnListeners.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace culvert::app {
namespace {

Ip ip(const char* text) {
  return Ip::parse(text).value();
}

TEST(OwnListeners, KnowTheirPortsOnEveryAddressOfThisHost_REACH_3) {
  int asked = 0;
  OwnListeners own([&] {
    ++asked;
    return std::vector<Ip>{ip("192.168.1.5"), ip("fd00::5")};
  });
  own.set({{Network::Tcp, {}, 80},
           {Network::Tcp, {ip("127.0.0.1")}, 8080},
           {Network::Udp, {ip("0.0.0.0")}, 53}});

  EXPECT_TRUE(own.contains(Network::Tcp, {ip("127.0.0.1"), 80}));
  EXPECT_TRUE(own.contains(Network::Tcp, {ip("127.9.9.9"), 80}));
  EXPECT_TRUE(own.contains(Network::Tcp, {ip("::1"), 80}));
  EXPECT_TRUE(own.contains(Network::Tcp, {ip("192.168.1.5"), 80}));
  EXPECT_TRUE(own.contains(Network::Tcp, {ip("fd00::5"), 80}));
  EXPECT_FALSE(own.contains(Network::Tcp, {ip("192.168.1.6"), 80}));
  EXPECT_FALSE(own.contains(Network::Udp, {ip("127.0.0.1"), 80}));

  EXPECT_TRUE(own.contains(Network::Tcp, {ip("127.0.0.1"), 8080}));
  EXPECT_FALSE(own.contains(Network::Tcp, {ip("127.0.0.2"), 8080}));
  EXPECT_FALSE(own.contains(Network::Tcp, {ip("192.168.1.5"), 8080}));

  EXPECT_TRUE(own.contains(Network::Udp, {ip("192.168.1.5"), 53}));

  asked = 0;
  EXPECT_FALSE(own.contains(Network::Tcp, {ip("192.168.1.5"), 81}));
  EXPECT_EQ(asked, 0) << "the system is asked only when a port of ours is dialled";
}

TEST(OwnListeners, AskTheSystemForItsAddresses) {
  const std::vector<Ip> all = systemAddresses();
  EXPECT_TRUE(
      std::any_of(all.begin(), all.end(), [](const Ip& each) { return each.isLoopback(); }));
}

}  // namespace
}  // namespace culvert::app

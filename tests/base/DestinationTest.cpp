#include "base/Destination.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>
#include <random>
#include <string>

namespace culvert {
namespace {

TEST(Ip, ReadsWhatItWrites) {
  for (const char* text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1",
        "1:2:3:4:5:6:7:8", "1::8", "64:ff9b::c000:201", "::1:0:0:0", "1:0:0:2::3"}) {
    const Result<Ip> ip = Ip::parse(text);
    ASSERT_TRUE(ip.ok()) << text;
    EXPECT_EQ(toString(*ip), text);
  }
}

TEST(Ip, RefusesWhatOnlyLooksLikeAnAddress_REACH_5) {
  for (const char* text : {"",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "01.2.3.4",
                           "0x7f.0.0.1",
                           "256.1.1.1",
                           "1.2.3.4.",
                           "127.1",
                           "2130706433",
                           ":",
                           ":::",
                           "1:2",
                           "1::2::3",
                           "1:2:3:4:5:6:7:8:9",
                           "12345::",
                           "g::",
                           "::1.2.3",
                           "1:2:3:4:5:6:7::8:9",
                           "[::1",
                           "::1]",
                           "fe80::1%eth0",
                           "1.2.3.4 ",
                           "1:2:3:4:5:6:7:",
                           ":1::"}) {
    EXPECT_FALSE(Ip::parse(text).ok()) << text;
  }
}

TEST(Ip, ShowsMappedAddressesAsIpv4_F_V6) {
  const Result<Ip> ip = Ip::parse("::ffff:192.0.2.1");
  ASSERT_TRUE(ip.ok());
  EXPECT_TRUE(ip->isV4());
  EXPECT_EQ(toString(*ip), "192.0.2.1");
}

TEST(Ip, AgreesWithTheSystemOnRandomAddresses) {
  std::mt19937 random(7);
  for (int i = 0; i < 10000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::uint8_t& byte : bytes)
      byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : 0;
    const std::string text = toString(Ip::fromBytes(bytes));
    const Result<Ip> back = Ip::parse(text);
    ASSERT_TRUE(back.ok()) << text;
    EXPECT_EQ(*back, Ip::fromBytes(bytes));
    std::array<std::uint8_t, 16> system{};
    if (text.find(':') != std::string::npos) {
      ASSERT_EQ(inet_pton(AF_INET6, text.c_str(), system.data()), 1) << text;
      EXPECT_EQ(system, bytes);
    }
  }
}

TEST(Ip, KnowsItsNetworks) {
  const auto ip = [](const char* text) { return Ip::parse(text).value(); };
  EXPECT_TRUE(ip("10.1.2.3").isWithin(ip("10.0.0.0"), 8));
  EXPECT_FALSE(ip("11.1.2.3").isWithin(ip("10.0.0.0"), 8));
  EXPECT_TRUE(ip("192.168.1.130").isWithin(ip("192.168.1.128"), 25));
  EXPECT_FALSE(ip("192.168.1.127").isWithin(ip("192.168.1.128"), 25));
  EXPECT_TRUE(ip("2001:db8::1").isWithin(ip("2001:db8::"), 32));
  EXPECT_FALSE(ip("10.1.2.3").isWithin(ip("::"), 0)) << "families do not mix";
  EXPECT_TRUE(ip("1.2.3.4").isWithin(ip("9.9.9.9"), 0));
  EXPECT_TRUE(ip("127.3.2.1").isLoopback());
  EXPECT_TRUE(ip("fe80::1").isLinkLocal());
  EXPECT_TRUE(ip("ff02::1").isMulticast());
  EXPECT_TRUE(ip("::").isAny());
}

TEST(Destination, ReadsAsWritten) {
  EXPECT_EQ(toString(Destination{Network::Tcp, parseHost("example.com"), 80}),
            "tcp:example.com:80");
  EXPECT_EQ(toString(Destination{Network::Udp, parseHost("2001:db8::1"), 53}),
            "udp:[2001:db8::1]:53");
  EXPECT_EQ(toString(Destination{Network::Udp, parseHost("a\nb"), 53}), "udp:a\\x0ab:53");
}

TEST(Destination, ComparesNamesWithoutCaseAndTrailingDot) {
  EXPECT_EQ(normalizedDomain("WWW.Example.COM."), "www.example.com");
}

}  // namespace
}  // namespace culvert

#include "proxy/freedom/ReachEntry.h"

#include <gtest/gtest.h>

namespace culvert::freedom {
namespace {

TEST(ReachEntry, ReadsWhatItWrites) {
  for (const char* text :
       {"tcp:192.168.1.20:443", "udp:10.0.0.0/8:53", "tcp+udp:[2001:db8::/32]:1000-2000",
        "tcp:nas.lan:80", "tcp:[::1]:80", "udp:0.0.0.0/0:1-65535", "tcp:my_nas:80"}) {
    const auto entry = parseReachEntry(text);
    ASSERT_TRUE(entry.ok()) << text;
    EXPECT_EQ(toString(*entry), text);
  }
}

TEST(ReachEntry, TakesOtherSpellings) {
  EXPECT_EQ(toString(parseReachEntry("TCP:192.168.1.20:443").value()), "tcp:192.168.1.20:443");
  EXPECT_EQ(toString(parseReachEntry("tcp:[2001:db8::]/32:80").value()), "tcp:[2001:db8::/32]:80");
  EXPECT_EQ(toString(parseReachEntry("tcp:NAS.lan.:80").value()), "tcp:nas.lan:80");
  EXPECT_EQ(toString(parseReachEntry("tcp:[::ffff:10.0.0.1]:80").value()), "tcp:10.0.0.1:80");
}

TEST(ReachEntry, RefusesWhatIsNone) {
  for (const char* text :
       {"", "tcp", "tcp:", "192.168.1.20:443", "icmp:192.168.1.20:443", "tcp:192.168.1.20",
        "tcp:192.168.1.20:0", "tcp:192.168.1.20:70000", "tcp:192.168.1.20:2-1",
        "tcp:192.168.1.20:80-", "tcp:192.168.1.0/33:80", "tcp:2001:db8::1:80",
        "tcp:[2001:db8::1:80", "tcp::80", "tcp:a b:80", "tcp:[nas]:80", "tcp:1.2.3.4/:80",
        "tcp,udp:1.2.3.4:80", "tcp:http://x:80"}) {
    EXPECT_FALSE(parseReachEntry(text).ok()) << text;
  }
}

TEST(ReachEntry, IsExactWithOneAddressAndOnePort) {
  EXPECT_TRUE(parseReachEntry("tcp:169.254.169.254:80").value().isExact());
  EXPECT_TRUE(parseReachEntry("tcp:[fe80::1]:80").value().isExact());
  EXPECT_FALSE(parseReachEntry("tcp:169.254.169.254:80-81").value().isExact());
  EXPECT_FALSE(parseReachEntry("tcp:169.254.0.0/16:80").value().isExact());
  EXPECT_FALSE(parseReachEntry("tcp:metadata:80").value().isExact());
}

TEST(ReachEntry, OfADestinationAllowsExactlyThat_REACH_8) {
  for (const Destination& target : {Destination{Network::Tcp, Ip::parse("192.168.1.7").value(), 22},
                                    Destination{Network::Udp, Ip::parse("2001:db8::7").value(), 53},
                                    Destination{Network::Tcp, std::string("nas.lan"), 80}}) {
    const auto entry = parseReachEntry(entryFor(target));
    ASSERT_TRUE(entry.ok()) << entryFor(target);
    EXPECT_TRUE(entry->allows(target.network, target.port));
    EXPECT_EQ(entry->firstPort, entry->lastPort);
  }
}

}  // namespace
}  // namespace culvert::freedom

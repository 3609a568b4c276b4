#include "reverse/Origin.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

namespace culvert::reverse {
namespace {

using culvert::test::hex;
using culvert::test::toHex;

TEST(Origin, IsWrittenAsXrayWritesIt) {
  Buffer out;
  append(out, Network::Tcp,
         {Endpoint{*Ip::parse("203.0.113.7"), 51234}, Endpoint{*Ip::parse("2001:db8::1"), 80}});
  EXPECT_EQ(toHex(out.view()),
            "01c82201cb00710701005003"
            "20010db8000000000000000000000001");
}

TEST(Origin, ReadsWhatItWrites) {
  for (const Network network : {Network::Tcp, Network::Udp}) {
    for (const Origin& origin :
         {Origin{}, Origin{Endpoint{*Ip::parse("203.0.113.7"), 1}, {}},
          Origin{{}, Endpoint{*Ip::parse("::1"), 65535}},
          Origin{Endpoint{*Ip::parse("::2"), 2}, Endpoint{*Ip::parse("10.0.0.1"), 3}}}) {
      Buffer out;
      append(out, network, origin);
      const Origin read = parseOrigin(out.view());
      EXPECT_EQ(read.source, origin.source);
      EXPECT_EQ(read.local, origin.local);
    }
  }
}

TEST(Origin, TakesWhatIsCutOrStrangeForNothing) {
  for (const char* const wire :
       {"", "00", "01c822", "01c82201cb0071", "07c82201cb007107", "01005002036e6173"}) {
    EXPECT_FALSE(parseOrigin(hex(wire)).source) << wire;
  }
}

}  // namespace
}  // namespace culvert::reverse

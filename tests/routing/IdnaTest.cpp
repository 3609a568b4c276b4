#include "routing/Idna.h"

#include <gtest/gtest.h>

namespace culvert::routing {
namespace {

TEST(Idna, LowersAsciiAndDropsOneTrailingDot) {
  EXPECT_EQ(comparableName("Example.COM."), "example.com");
  EXPECT_EQ(comparableName("a.."), "a.");
  EXPECT_EQ(comparableName("a_b.c-d"), "a_b.c-d");
  EXPECT_EQ(comparableName(""), "");
}

// The samples are those of RFC 3492 section 7.1 that consist of letters a name may have, and common
// names.
TEST(Idna, EncodesInternationalLabels) {
  EXPECT_EQ(comparableName("bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(comparableName("BÜCHER.example"), "xn--bcher-kva.example");
  EXPECT_EQ(comparableName("münchen.de"), "xn--mnchen-3ya.de");
  EXPECT_EQ(comparableName("例え.テスト"), "xn--r8jz45g.xn--zckzah");
  EXPECT_EQ(comparableName("他们为什么不说中文"), "xn--ihqwcrb4cv8a8dqg056pqjye");
  EXPECT_EQ(comparableName("почемужеонинеговорятпорусски"), "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l");
  EXPECT_EQ(comparableName("www.пример.рф"), "www.xn--e1afmkfd.xn--p1ai");
}

TEST(Idna, MapsFullWidthFormsAndStops) {
  EXPECT_EQ(comparableName("ｅｘａｍｐｌｅ。ＣＯＭ"), "example.com");
  EXPECT_EQ(comparableName("bücher．example｡"), "xn--bcher-kva.example");
}

TEST(Idna, LeavesBrokenTextAlone) {
  EXPECT_EQ(comparableName("a\xff.B"), "a\xff.b");
  EXPECT_EQ(comparableName("\xc3"), "\xc3");
}

}  // namespace
}  // namespace culvert::routing

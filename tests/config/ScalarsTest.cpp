#include "config/Scalars.h"
#include "config/Text.h"

#include <gtest/gtest.h>

#include <limits>

namespace culvert::config {
namespace {

TEST(Scalars, ReadDecimalNumbersOnly_CFG_4) {
  EXPECT_EQ(parseWhole("0")->magnitude, 0u);
  EXPECT_EQ(parseWhole("65535")->magnitude, 65535u);
  EXPECT_EQ(parseWhole("18446744073709551615")->magnitude,
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(parseWhole("-5")->isNegative);
  for (const char* text : {"", "-", "010", "00", "0x50", "1_000", "8e3", "80.0", "+1", " 1", "1 ",
                           "1,0", "18446744073709551616", "\xd9\xa1", "--1", "1-"}) {
    EXPECT_FALSE(parseWhole(text)) << text;
  }
}

TEST(Scalars, HoldNumbersAgainstLimits) {
  EXPECT_TRUE(parseWhole("5")->isWithin(0, 5));
  EXPECT_FALSE(parseWhole("6")->isWithin(0, 5));
  EXPECT_FALSE(parseWhole("0")->isWithin(1, 5));
  EXPECT_FALSE(parseWhole("-1")->isWithin(0, 5));
  EXPECT_TRUE(parseWhole("-128")->isWithin(-128, 127));
  EXPECT_FALSE(parseWhole("-129")->isWithin(-128, 127));
  EXPECT_TRUE(parseWhole("-0")->isWithin(0, 5));
  EXPECT_TRUE(
      parseWhole("-9223372036854775808")->isWithin(std::numeric_limits<std::int64_t>::min(), 0));
}

TEST(Scalars, ReadPortsAndRanges) {
  EXPECT_EQ(parsePortRange("80"), (PortRange{80, 80}));
  EXPECT_EQ(parsePortRange("1000-2000"), (PortRange{1000, 2000}));
  EXPECT_EQ(parsePortRange("1-65535"), (PortRange{1, 65535}));
  for (const char* text : {"", "0", "65536", "2000-1000", "80,81", " 80", "80 ", "80-", "-80",
                           "1-2-3", "080", "0-5", "80 - 90", "http"}) {
    EXPECT_FALSE(parsePortRange(text)) << text;
  }
}

TEST(Scalars, SayWhatIsWrongWithANumber) {
  EXPECT_EQ(numberMistake("080"), "write 80, numbers must not start with 0");
  EXPECT_EQ(numberMistake("00"), "write 0, numbers must not start with 0");
  EXPECT_EQ(numberMistake("0x50"), "");
  EXPECT_EQ(numberMistake("80"), "");
}

TEST(Scalars, KnowHostNames) {
  for (const char* name :
       {"a", "example.com", "example.com.", "a_b.example", "xn--x", "1.example"}) {
    EXPECT_TRUE(isHostName(name)) << name;
  }
  for (const char* name :
       {"", ".", "a..b", "http://a", "a:1", "a/b", "a b", "[::1]", "*.a", "a\x01"}) {
    EXPECT_FALSE(isHostName(name)) << name;
  }
  EXPECT_FALSE(isHostName(std::string(64, 'a')));
  EXPECT_FALSE(isHostName(std::string(126, 'a').replace(50, 1, ".") + std::string(200, 'b')));
}

TEST(Text, CountsCodePointsAndKnowsUtf8) {
  EXPECT_EQ(codePoints("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 4u);
  EXPECT_EQ(codePoint("\xf0\x9f\x98\x80"), char32_t{0x1f600});
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xff"}) {
    EXPECT_EQ(utf8Length(bad), 0u);
  }
}

TEST(Text, FindsLines) {
  EXPECT_EQ(lineOf("a\r\nb\nc", 1), "a");
  EXPECT_EQ(lineOf("a\r\nb\nc", 2), "b");
  EXPECT_EQ(lineOf("a\r\nb\nc", 3), "c");
  EXPECT_EQ(lineOf("a\r\nb\nc", 4), "");
}

}  // namespace
}  // namespace culvert::config

#include "base/Cursor.h"

#include <gtest/gtest.h>

#include <array>

namespace culvert {
namespace {

constexpr std::array<std::uint8_t, 17> kBytes{1,  2,  3,  4,  5,  6,  7,   8,  9,
                                              10, 11, 12, 13, 14, 15, 'o', 'k'};

TEST(Cursor, ReadsBigEndianFieldsInTurn) {
  Cursor in(kBytes);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(in.u16be(), 0x0203);
  EXPECT_EQ(in.u32be(), 0x04050607U);
  EXPECT_EQ(in.u64be(), 0x08090a0b0c0d0e0fU);
  EXPECT_EQ(in.text(2), "ok");
  EXPECT_EQ(in.remaining(), 0U);
  EXPECT_TRUE(in.done(7).ok());
}

TEST(Cursor, RemembersTheFirstReadPastTheEnd) {
  Cursor in(Bytes(kBytes).first(3));
  EXPECT_EQ(in.u32be(), 0U);
  EXPECT_EQ(in.u8(), 0) << "reads after an underrun give zero";
  EXPECT_TRUE(in.underrun());
  EXPECT_EQ(in.done(7).error(), make_error_code(Errc::Truncated));
}

TEST(Cursor, TakesTheRest) {
  Cursor in(kBytes);
  in.take(15);
  EXPECT_EQ(asText(in.rest()), "ok");
  EXPECT_EQ(in.used(), kBytes.size());
}

}  // namespace
}  // namespace culvert

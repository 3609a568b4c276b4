#include "base/Buffer.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert {
namespace {

TEST(Buffer, GivesBackWhatWasAppended) {
  Buffer buffer;
  buffer.append(asBytes("ab"));
  buffer.append(std::uint8_t{'c'});
  buffer.appendU16be(0x6465);
  buffer.appendU32be(0x66676869);
  buffer.appendU64be(0x6a6b6c6d6e6f7071);
  EXPECT_EQ(asText(buffer.view()), "abcdefghijklmnopq");
}

TEST(Buffer, ConsumesFromTheFrontAndAppendsAtTheBack) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i) + ',';
    buffer.append(asBytes(text));
    expected += text;
    const std::size_t bite = static_cast<std::size_t>(i % 4);
    buffer.consume(bite);
    expected.erase(0, bite);
    ASSERT_EQ(asText(buffer.view()), expected);
  }
}

TEST(Buffer, KeepsItsStorageWhenFilledAndEmptiedAgainAndAgain) {
  Buffer buffer;
  buffer.append(asBytes(std::string(1000, 'x')));
  const std::size_t capacity = buffer.capacity();
  for (int i = 0; i < 100; ++i) {
    buffer.consume(buffer.size());
    buffer.append(asBytes(std::string(1000, 'y')));
  }
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST(Buffer, OwnsNothingAfterRelease) {
  Buffer buffer;
  buffer.append(asBytes("abc"));
  buffer.release();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0U);
}

TEST(Buffer, ShrinksWhatWasGrownTooFar) {
  Buffer buffer;
  buffer.append(asBytes("ab"));
  MutableBytes tail = buffer.grow(10);
  tail[0] = 'c';
  buffer.shrink(9);
  EXPECT_EQ(asText(buffer.view()), "abc");
}

TEST(Buffer, LeavesNothingBehindWhenMoved) {
  Buffer buffer;
  buffer.append(asBytes("abc"));
  Buffer other = std::move(buffer);
  EXPECT_EQ(asText(other.view()), "abc");
  EXPECT_TRUE(buffer.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(buffer.capacity(), 0U);
}

}  // namespace
}  // namespace culvert

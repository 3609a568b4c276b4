#include "crypto/Checksum.h"

#include <gtest/gtest.h>

#include <string_view>

namespace culvert::crypto {
namespace {

TEST(Checksum, FnvGivesThePublishedValues) {
  // The FNV authors' test vectors for the 32-bit FNV-1a.
  EXPECT_EQ(fnv1a32({}), 0x811c9dc5u);
  EXPECT_EQ(fnv1a32(asBytes("a")), 0xe40c292cu);
  EXPECT_EQ(fnv1a32(asBytes("foobar")), 0xbf9cf968u);
}

TEST(Checksum, FnvGoesOnWhereAPieceEnded) {
  EXPECT_EQ(fnv1a32(asBytes("bar"), fnv1a32(asBytes("foo"))), fnv1a32(asBytes("foobar")));
}

TEST(Checksum, CrcGivesItsCheckValue) {
  EXPECT_EQ(crc32({}), 0u);
  EXPECT_EQ(crc32(asBytes("123456789")), 0xcbf43926u);
}

}  // namespace
}  // namespace culvert::crypto

#include "crypto/Digest.h"
#include "crypto/Shake.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace culvert::crypto {
namespace {

using test::ByteVector;
using test::toHex;

ByteVector counting(std::size_t size) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

TEST(Shake128, GivesNistsValueForTheEmptyMessage) {
  Shake128 stream({});
  ByteVector out(32);
  stream.read(out);
  EXPECT_EQ(toHex(out), "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
}

TEST(Shake128, GoesOnForManyBlocks) {
  Shake128 stream(counting(16));
  ByteVector out(1000);  // six permutations; compared with Python's hashlib.shake_128
  stream.read(out);
  EXPECT_EQ(toHex(sha256(out)), "ca0d29f196244a6b0bf3b29399db7b43477bcfbcd310cc9c704d72cb7c243536");
}

TEST(Shake128, TakesASeedUpToTheRate) {
  Shake128 stream(counting(Shake128::kRate - 1));
  ByteVector out(32);
  stream.read(out);
  EXPECT_EQ(toHex(out), "1e552791cc4e93a0d4a8dc47ae49228c2faa869e40e628f6ace477aec3f1ca7a");
}

TEST(Shake128, IsTheSameStreamInWordsAndInPieces) {
  Shake128 whole(counting(16));
  ByteVector expected(1000);
  whole.read(expected);

  Shake128 words(counting(16));
  for (std::size_t at = 0; at < expected.size(); at += 2) {
    EXPECT_EQ(words.u16be(), expected[at] << 8 | expected[at + 1]);
  }
  Shake128 pieces(counting(16));
  ByteVector out(1000);
  for (std::size_t at = 0; at < out.size(); at += 7) {
    pieces.read(MutableBytes(out).subspan(at, std::min<std::size_t>(7, out.size() - at)));
  }
  EXPECT_EQ(out, expected);
}

}  // namespace
}  // namespace culvert::crypto

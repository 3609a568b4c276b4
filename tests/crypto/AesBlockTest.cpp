#include "crypto/AesBlock.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace culvert::crypto {
namespace {

AesBlock::Block blockOf(const char* digits) {
  AesBlock::Block block{};
  const test::ByteVector bytes = test::hex(digits);
  std::copy(bytes.begin(), bytes.end(), block.begin());
  return block;
}

TEST(AesBlock, WorksBothWaysAsInFips197C1) {
  const test::ByteVector key = test::hex("000102030405060708090a0b0c0d0e0f");
  const AesBlock::Block plain = blockOf("00112233445566778899aabbccddeeff");
  const AesBlock::Block cipher = blockOf("69c4e0d86a7b0430d8cdb78070b4c55a");
  AesBlock encrypt(Way::Encrypt, key), decrypt(Way::Decrypt, key);
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(encrypt.apply(plain), cipher);
    EXPECT_EQ(decrypt.apply(cipher), plain);
  }
}

}  // namespace
}  // namespace culvert::crypto

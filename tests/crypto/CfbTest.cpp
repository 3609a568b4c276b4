#include "crypto/Cfb.h"
#include "support/ForEachSplit.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

#include <vector>

namespace culvert::crypto {
namespace {

using test::ByteVector;
using test::hex;

// NIST SP 800-38A, F.3.13.
const ByteVector kKey = hex("2b7e151628aed2a6abf7158809cf4f3c");
const ByteVector kIv = hex("000102030405060708090a0b0c0d0e0f");
const ByteVector kPlain =
    hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
const ByteVector kCipher =
    hex("3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
        "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6");

ByteVector applied(Way way, const std::vector<Bytes>& pieces) {
  AesCfb cipher(way, kKey, kIv);
  ByteVector out;
  for (const Bytes piece : pieces) {
    ByteVector bytes(piece.begin(), piece.end());
    cipher.apply(bytes);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

TEST(AesCfb, IsOneStreamHoweverItIsCut) {
  test::forEachSplit(kPlain, [](const std::vector<Bytes>& pieces) {
    EXPECT_EQ(applied(Way::Encrypt, pieces), kCipher);
  });
  test::forEachSplit(kCipher, [](const std::vector<Bytes>& pieces) {
    EXPECT_EQ(applied(Way::Decrypt, pieces), kPlain);
  });
}

TEST(AesCfb, WritesElsewhereToo) {
  AesCfb cipher(Way::Encrypt, kKey, kIv);
  ByteVector out(kPlain.size());
  cipher.apply(kPlain, out);
  EXPECT_EQ(out, kCipher);
}

}  // namespace
}  // namespace culvert::crypto

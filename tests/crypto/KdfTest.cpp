#include "crypto/Kdf.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::crypto {
namespace {

TEST(HmacChain, WithoutSaltsIsSha256) {
  EXPECT_EQ(hmacChain({}, asBytes("abc")), sha256(asBytes("abc")));
}

TEST(HmacChain, WithOneSaltIsHmacSha256) {
  // RFC 4231, test cases 2 and 6 (a key longer than the block).
  const Bytes jefe[] = {asBytes("Jefe")};
  EXPECT_EQ(test::toHex(hmacChain(jefe, asBytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const test::ByteVector longKey(131, 0xaa);
  const Bytes salts[] = {longKey};
  EXPECT_EQ(test::toHex(hmacChain(
                salts, asBytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacChain, NestsAsV2RayDoes) {
  // v2ray-core proxy/vmess/aead/kdf_test.go.
  const Bytes salts[] = {asBytes("VMess AEAD KDF"), asBytes("Demo Path for KDF Value Test"),
                         asBytes("Demo Path for KDF Value Test2"),
                         asBytes("Demo Path for KDF Value Test3")};
  EXPECT_EQ(test::toHex(hmacChain(salts, asBytes("Demo Key for KDF Value Test"))),
            "53e9d7e1bd7bd25022b71ead07d8a596efc8a845c7888652fd684b4903dc8892");
}

}  // namespace
}  // namespace culvert::crypto

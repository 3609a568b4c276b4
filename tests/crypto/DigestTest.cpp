#include "crypto/Digest.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

namespace culvert::crypto {
namespace {

using test::hex;
using test::toHex;

TEST(Digest, GivesThePublishedValues) {
  // RFC 1321 A.5; FIPS 180-4 examples.
  EXPECT_EQ(toHex(md5(Bytes())), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(toHex(md5(asBytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(toHex(sha1(asBytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(toHex(sha256(asBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, TakesPiecesAsOneMessage) {
  const Bytes pieces[] = {asBytes("a"), {}, asBytes("bc")};
  EXPECT_EQ(md5(pieces), md5(asBytes("abc")));
  EXPECT_EQ(sha1(pieces), sha1(asBytes("abc")));
  EXPECT_EQ(sha256(pieces), sha256(asBytes("abc")));
}

TEST(Digest, HmacMd5GivesTheValuesOfRfc2202) {
  EXPECT_EQ(toHex(hmacMd5(hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), asBytes("Hi There"))),
            "9294727a3638bb1c13f48ef8158bfc9d");
  EXPECT_EQ(toHex(hmacMd5(asBytes("Jefe"), asBytes("what do ya want for nothing?"))),
            "750c783e6ab0b503eaa86e310a5db738");
}

TEST(Digest, WritesHexadecimalInLowerCase) {
  EXPECT_EQ(crypto::toHex(hex("00ff1aB0")), "00ff1ab0");
  EXPECT_EQ(crypto::toHex({}), "");
}

}  // namespace
}  // namespace culvert::crypto

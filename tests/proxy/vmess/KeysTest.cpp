#include "crypto/AesBlock.h"
#include "crypto/Cfb.h"
#include "crypto/Checksum.h"
#include "crypto/Kdf.h"
#include "crypto/Shake.h"
#include "proxy/vmess/Account.h"
#include "proxy/vmess/Header.h"
#include "proxy/vmess/Keys.h"
#include "proxy/vmess/Vectors.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace culvert::vmess {
namespace {

using test::ByteVector;
using test::hex;
using test::toHex;
using test::Vector;

std::string hex32(std::uint32_t value) {
  ByteVector bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  return toHex(bytes);
}

void checkKdf(const Vector& vector) {
  const std::vector<std::string> path = vector.texts("path");
  std::vector<ByteVector> salts;
  std::vector<Bytes> views{asBytes("VMess AEAD KDF")};
  for (const std::string& salt : path) salts.push_back(hex(salt));
  for (const ByteVector& salt : salts) views.push_back(salt);
  const std::string out = toHex(crypto::hmacChain(views, vector.bytes("key")));
  EXPECT_EQ(out.substr(0, vector.text("out").size()), vector.text("out")) << vector.text("name");
}

void checkAuthId(const Vector& vector) {
  const crypto::Key16 key = commandKey(test::uuidOf(vector.text("uuid")));
  EXPECT_EQ(toHex(key.view()), vector.text("cmd_key"));
  EXPECT_EQ(toHex(authIdKey(key.view()).view()), vector.text("aes_key"));
  std::array<std::uint8_t, 4> random{};
  const ByteVector bytes = vector.bytes("random4");
  std::copy(bytes.begin(), bytes.end(), random.begin());
  const auto block = authBlock(vector.number("timestamp"), random);
  EXPECT_EQ(toHex(block), vector.text("plain"));
  EXPECT_EQ(secondsOf(block), vector.number("timestamp"));
  crypto::AesBlock encrypt(crypto::Way::Encrypt, authIdKey(key.view()).view());
  EXPECT_EQ(toHex(encrypt.apply(block)), vector.text("out"));
}

void checkMask(const Vector& vector) {
  crypto::Shake128 mask(vector.bytes("seed"));
  for (const std::string& expected : vector.texts("out")) {
    EXPECT_EQ(hex32(mask.u16be()).substr(4), expected);
  }
}

void checkCfb(const Vector& vector) {
  const ByteVector plain = vector.bytes("plain");
  crypto::AesCfb encrypt(crypto::Way::Encrypt, vector.bytes("key"), vector.bytes("iv"));
  ByteVector out(plain.size());
  encrypt.apply(plain, out);
  EXPECT_EQ(toHex(out), vector.text("out"));
}

void checkResponseKeys(const Vector& vector) {
  const BodyKeys request = test::keysOf(vector.bytes("key"), vector.bytes("iv"));
  for (const auto& [kind, name] :
       {std::pair{HeaderKind::Aead, "aead"}, std::pair{HeaderKind::Legacy, "legacy"}}) {
    const BodyKeys response = responseKeys(kind, request);
    EXPECT_EQ(toHex(response.key.view()), vector.object(name).text("key"));
    EXPECT_EQ(toHex(response.iv.view()), vector.object(name).text("iv"));
  }
}

void checkLegacyAuth(const Vector& vector) {
  const Uuid id = test::uuidOf(vector.text("id"));
  EXPECT_EQ(toHex(legacyAuth(id, vector.number("timestamp"))), vector.text("out"));
  EXPECT_EQ(toHex(legacyHeaderIv(vector.number("timestamp")).view()), vector.text("header_cfb_iv"));
}

TEST(Keys, AreThoseOfThePrimitiveVectors) {
  std::map<std::string, int> seen;
  for (const Vector& vector : test::vectorsOf("vmess-primitives.json")) {
    const std::string kind = vector.text("kind");
    ++seen[kind];
    if (kind == "kdf") checkKdf(vector);
    if (kind == "cmd_key") {
      EXPECT_EQ(toHex(commandKey(test::uuidOf(vector.text("uuid"))).view()), vector.text("out"));
    }
    if (kind == "auth_id") checkAuthId(vector);
    if (kind == "fnv1a32") {
      EXPECT_EQ(hex32(crypto::fnv1a32(vector.bytes("input"))), vector.text("out"));
    }
    if (kind == "crc32_ieee") {
      EXPECT_EQ(hex32(crypto::crc32(vector.bytes("input"))), vector.text("out"));
    }
    if (kind == "chacha_key") {
      EXPECT_EQ(toHex(chachaKey(vector.bytes("key16")).view()), vector.text("out"));
    }
    if (kind == "shake128_u16") checkMask(vector);
    if (kind == "aes128_cfb128") checkCfb(vector);
    if (kind == "chunk_nonce") {
      const auto index = static_cast<std::uint64_t>(vector.number("chunk_index"));
      EXPECT_EQ(toHex(chunkNonce(index, vector.bytes("iv"))), vector.text("out"));
    }
    if (kind == "response_keys") checkResponseKeys(vector);
    if (kind == "legacy_auth") checkLegacyAuth(vector);
  }
  const std::map<std::string, int> expected = {
      {"kdf", 13},        {"cmd_key", 4},       {"auth_id", 3},      {"fnv1a32", 4},
      {"crc32_ieee", 3},  {"chacha_key", 1},    {"shake128_u16", 1}, {"aes128_cfb128", 1},
      {"chunk_nonce", 6}, {"response_keys", 1}, {"legacy_auth", 3}};
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace culvert::vmess

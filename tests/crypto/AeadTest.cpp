#include "crypto/Aead.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace culvert::crypto {
namespace {

using test::ByteVector;
using test::hex;
using test::toHex;

struct Vector {
  const char* name;
  AeadAlgorithm algorithm;
  const char *key, *nonce, *associated, *plain, *sealed;
};

const Vector kVectors[] = {{"The Galois/Counter Mode of Operation, test case 1",
                            AeadAlgorithm::Aes128Gcm, "00000000000000000000000000000000",
                            "000000000000000000000000", "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
                           {"The Galois/Counter Mode of Operation, test case 4",
                            AeadAlgorithm::Aes128Gcm, "feffe9928665731c6d6a8f9467308308",
                            "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
                            "5bc94fbc3221a5db94fae95ae7121a47"},
                           {"RFC 8439, 2.8.2", AeadAlgorithm::ChaCha20Poly1305,
                            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
                            "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
                            "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
                            "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
                            "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
                            "637265656e20776f756c642062652069742e",
                            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
                            "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                            "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                            "3ff4def08e4b7a9de576d26586cec64b6116"
                            "1ae10b594f09e26a7e902ecbd0600691"}};

AeadNonce nonceOf(const Vector& vector) {
  AeadNonce nonce{};
  const ByteVector bytes = hex(vector.nonce);
  std::copy(bytes.begin(), bytes.end(), nonce.begin());
  return nonce;
}

TEST(Aead, SealsThePublishedVectorsAlsoInPlace) {
  for (const Vector& vector : kVectors) {
    const ByteVector plain = hex(vector.plain);
    AeadSealer sealer(vector.algorithm, hex(vector.key));
    for (int again = 0; again < 2; ++again) {  // an object serves many messages
      ByteVector out(plain.size() + kAeadTagBytes);
      sealer.seal(nonceOf(vector), hex(vector.associated), plain, out);
      EXPECT_EQ(toHex(out), vector.sealed) << vector.name;

      ByteVector inPlace(plain.size() + kAeadTagBytes);
      std::copy(plain.begin(), plain.end(), inPlace.begin());
      sealer.seal(nonceOf(vector), hex(vector.associated), Bytes(inPlace).first(plain.size()),
                  inPlace);
      EXPECT_EQ(toHex(inPlace), vector.sealed) << vector.name;
    }
  }
}

TEST(Aead, OpensThePublishedVectorsInPlace) {
  for (const Vector& vector : kVectors) {
    AeadOpener opener(vector.algorithm, hex(vector.key));
    ByteVector sealed = hex(vector.sealed);
    ASSERT_TRUE(opener.open(nonceOf(vector), hex(vector.associated), sealed)) << vector.name;
    EXPECT_EQ(toHex(Bytes(sealed).first(sealed.size() - kAeadTagBytes)), vector.plain)
        << vector.name;
  }
}

TEST(Aead, SealsTheSameInPiecesOfAnySize) {
  for (const AeadAlgorithm algorithm :
       {AeadAlgorithm::Aes128Gcm, AeadAlgorithm::ChaCha20Poly1305}) {
    const ByteVector key(aeadKeyBytes(algorithm), 7);
    ByteVector plain(1000);
    for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i * 31);
    const AeadNonce nonce{1, 2, 3};
    AeadSealer sealer(algorithm, key);
    ByteVector whole(plain.size() + kAeadTagBytes);
    sealer.seal(nonce, {}, plain, whole);
    for (std::size_t size = 1; size < 70; ++size) {
      ByteVector pieces(plain.size() + kAeadTagBytes);
      sealer.begin(nonce);
      for (std::size_t at = 0; at < plain.size(); at += size) {
        const std::size_t count = std::min(size, plain.size() - at);
        sealer.update(Bytes(plain).subspan(at, count), MutableBytes(pieces).subspan(at, count));
      }
      sealer.finish(MutableBytes(pieces).last(kAeadTagBytes));
      ASSERT_EQ(pieces, whole) << "pieces of " << size;
    }
  }
}

TEST(Aead, RefusesEveryFlippedBitOfMessageNonceAndAssociatedData_CRY_4) {
  for (const Vector& vector : kVectors) {
    AeadOpener opener(vector.algorithm, hex(vector.key));
    const ByteVector sealed = hex(vector.sealed), associated = hex(vector.associated);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      ByteVector damaged = sealed;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      EXPECT_FALSE(opener.open(nonceOf(vector), associated, damaged))
          << vector.name << ", bit " << bit;
    }
    for (std::size_t bit = 0; bit < associated.size() * 8; ++bit) {
      ByteVector damaged = associated, copy = sealed;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      EXPECT_FALSE(opener.open(nonceOf(vector), damaged, copy)) << vector.name << ", bit " << bit;
    }
    for (std::size_t bit = 0; bit < 96; ++bit) {
      AeadNonce nonce = nonceOf(vector);
      nonce[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      ByteVector copy = sealed;
      EXPECT_FALSE(opener.open(nonce, associated, copy)) << vector.name << ", bit " << bit;
    }
    ByteVector intact = sealed;  // a failure spoils nothing that comes after it
    EXPECT_TRUE(opener.open(nonceOf(vector), associated, intact));
  }
}

TEST(Aead, RefusesWhatIsShorterThanATag) {
  AeadOpener opener(AeadAlgorithm::Aes128Gcm, ByteVector(16));
  for (std::size_t size = 0; size < kAeadTagBytes; ++size) {
    ByteVector sealed(size);
    EXPECT_FALSE(opener.open({}, {}, sealed));
  }
}

}  // namespace
}  // namespace culvert::crypto

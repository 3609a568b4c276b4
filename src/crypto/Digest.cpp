#include "crypto/Digest.h"

#include "base/Assert.h"
#include "base/Secret.h"
#include "crypto/OpenSsl.h"

#include <cstddef>
#include <new>

namespace culvert::crypto {
namespace {

void digest(const EVP_MD* algorithm, Pieces pieces, MutableBytes out) {
  // A context of one's own each time would cost more than hashing a short message.
  thread_local const DigestContext context(EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  CULVERT_ASSERT(EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1);
  for (const Bytes piece : pieces) {
    CULVERT_ASSERT(EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1);
  }
  unsigned size = 0;
  CULVERT_ASSERT(EVP_DigestFinal_ex(context.get(), out.data(), &size) == 1);
  CULVERT_ASSERT(size == out.size());
}

}  // namespace

Md5Digest md5(Pieces pieces) {
  Md5Digest out;
  digest(algorithms().md5, pieces, out);
  return out;
}

Sha1Digest sha1(Pieces pieces) {
  Sha1Digest out;
  digest(algorithms().sha1, pieces, out);
  return out;
}

Sha256Digest sha256(Pieces pieces) {
  Sha256Digest out;
  digest(algorithms().sha256, pieces, out);
  return out;
}

Md5Digest hmacMd5(Bytes key, Bytes message) {
  constexpr std::size_t kBlock = 64;
  CULVERT_ASSERT(key.size() <= kBlock);
  std::array<std::uint8_t, kBlock> inner, outer;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::uint8_t byte = i < key.size() ? key[i] : std::uint8_t{0};
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  const Bytes first[] = {inner, message};
  const Md5Digest innerDigest = md5(first);
  const Bytes second[] = {outer, innerDigest};
  const Md5Digest result = md5(second);
  wipe(inner);
  wipe(outer);
  return result;
}

std::string toHex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

}  // namespace culvert::crypto

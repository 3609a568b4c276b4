#include "crypto/Kdf.h"

#include "base/Assert.h"
#include "base/Secret.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace culvert::crypto {
namespace {

constexpr std::size_t kBlock = 64;

Sha256Digest hashAt(std::span<const Bytes> salts, Pieces message) {
  if (salts.empty()) return sha256(message);
  const std::span<const Bytes> below = salts.first(salts.size() - 1);

  std::array<std::uint8_t, kBlock> key{};
  const Bytes salt = salts.back();
  if (salt.size() > kBlock) {
    const Sha256Digest shortened = hashAt(below, Pieces(&salt, 1));
    std::copy(shortened.begin(), shortened.end(), key.begin());
  } else {
    std::copy(salt.begin(), salt.end(), key.begin());
  }

  // Each level puts its padded key in front of what it was given.
  std::array<Bytes, kMaxChainSalts + 1> pieces;
  CULVERT_ASSERT(message.size() < pieces.size());
  pieces[0] = key;
  std::copy(message.begin(), message.end(), pieces.begin() + 1);
  for (std::uint8_t& byte : key) byte ^= 0x36;
  const Sha256Digest inner = hashAt(below, Pieces(pieces).first(message.size() + 1));

  for (std::uint8_t& byte : key) byte ^= 0x36 ^ 0x5c;
  const Bytes outer[] = {key, inner};
  const Sha256Digest result = hashAt(below, outer);
  wipe(key);
  return result;
}

}  // namespace

Sha256Digest hmacChain(std::span<const Bytes> salts, Bytes message) {
  CULVERT_ASSERT(salts.size() <= kMaxChainSalts);
  return hashAt(salts, Pieces(&message, 1));
}

}  // namespace culvert::crypto

// Hash functions over one or several pieces: MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4),
// HMAC-MD5 (RFC 2104).  MD5 and SHA-1 are here because VMess derives keys and ids with them, not
// for integrity.
#pragma once

#include "base/Bytes.h"

#include <array>
#include <cstdint>
#include <string>

namespace culvert::crypto {

using Md5Digest = std::array<std::uint8_t, 16>;
using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;

Md5Digest md5(Pieces pieces);
Sha1Digest sha1(Pieces pieces);
Sha256Digest sha256(Pieces pieces);

inline Md5Digest md5(Bytes bytes) {
  return md5(Pieces(&bytes, 1));
}
inline Sha1Digest sha1(Bytes bytes) {
  return sha1(Pieces(&bytes, 1));
}
inline Sha256Digest sha256(Bytes bytes) {
  return sha256(Pieces(&bytes, 1));
}

/// `key` is at most 64 bytes long.
Md5Digest hmacMd5(Bytes key, Bytes message);

/// Lower-case hexadecimal digits, two for each byte.
std::string toHex(Bytes bytes);

}  // namespace culvert::crypto

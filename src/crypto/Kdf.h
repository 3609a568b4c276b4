// Key derivation by nested HMACs: each HMAC has the one before it as its hash function.
//
//   H0(m)   = SHA256(m)
//   Hi+1(m) = HMAC over Hi, keyed with salts[i]        chain(salts, m) = Hlast(m)
//
// The block size is 64 bytes at every level.  With n salts one call costs 2^n SHA-256 runs.
// Source: v2ray-core proxy/vmess/aead/kdf.go; V2Ray's VMess page.
#pragma once

#include "base/Bytes.h"
#include "crypto/Digest.h"

#include <cstddef>
#include <span>

namespace culvert::crypto {

constexpr std::size_t kMaxChainSalts = 4;

/// `salts` are the HMAC keys, innermost first, at most kMaxChainSalts of any length.
Sha256Digest hmacChain(std::span<const Bytes> salts, Bytes message);

}  // namespace culvert::crypto

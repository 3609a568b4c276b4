// Private to this folder: OpenSSL's handles with their owners, and the algorithms, fetched once per
// process.
#pragma once

#include <openssl/evp.h>

#include <memory>

namespace culvert::crypto {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* handle) const noexcept {
    Free(handle);
  }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freer<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;

/// Looking an algorithm up by name costs more than a small message; these are looked up once.
struct Algorithms {
  const EVP_CIPHER *aes128Gcm, *chaCha20Poly1305, *aes128Ecb, *aes128Cfb;
  const EVP_MD *md5, *sha1, *sha256;
};
const Algorithms& algorithms();

/// A new context; throws std::bad_alloc.
CipherContext newCipherContext();

}  // namespace culvert::crypto

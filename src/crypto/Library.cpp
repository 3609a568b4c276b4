#include "crypto/Library.h"

#include "base/Assert.h"
#include "crypto/OpenSsl.h"

#include <openssl/crypto.h>

#include <new>

namespace culvert::crypto {
namespace {

const EVP_CIPHER* cipher(const char* name) {
  const EVP_CIPHER* found = EVP_CIPHER_fetch(nullptr, name, nullptr);
  CULVERT_ASSERT(found != nullptr);
  return found;
}

const EVP_MD* digest(const char* name) {
  const EVP_MD* found = EVP_MD_fetch(nullptr, name, nullptr);
  CULVERT_ASSERT(found != nullptr);
  return found;
}

const Algorithms* fetchAll() {
  // Whoever comes first decides whether the configuration file is read: later calls cannot undo it.
  CULVERT_ASSERT(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1);
  return new Algorithms{cipher("AES-128-GCM"), cipher("ChaCha20-Poly1305"),
                        cipher("AES-128-ECB"), cipher("AES-128-CFB"),
                        digest("MD5"),         digest("SHA1"),
                        digest("SHA256")};
}

}  // namespace

const Algorithms& algorithms() {
  // Never destroyed: threads may still use them while the program exits.
  static const Algorithms* const all = fetchAll();
  return *all;
}

CipherContext newCipherContext() {
  CipherContext context(EVP_CIPHER_CTX_new());
  if (!context) throw std::bad_alloc();
  return context;
}

void initialise() {
  static_cast<void>(algorithms());
}

}  // namespace culvert::crypto

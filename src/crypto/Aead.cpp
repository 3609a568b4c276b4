#include "crypto/Aead.h"

#include "base/Assert.h"
#include "crypto/OpenSsl.h"

#include <openssl/err.h>

#include <utility>

namespace culvert::crypto {
namespace {

const EVP_CIPHER* cipherOf(AeadAlgorithm algorithm) {
  switch (algorithm) {
    case AeadAlgorithm::Aes128Gcm:
      return algorithms().aes128Gcm;
    case AeadAlgorithm::ChaCha20Poly1305:
      return algorithms().chaCha20Poly1305;
  }
  CULVERT_ASSERT(false);
}

}  // namespace

std::size_t aeadKeyBytes(AeadAlgorithm algorithm) noexcept {
  return algorithm == AeadAlgorithm::Aes128Gcm ? 16 : 32;
}

struct AeadSealer::State {
  CipherContext context;
};
struct AeadOpener::State {
  CipherContext context;
};

AeadSealer::AeadSealer(AeadAlgorithm algorithm, Bytes key)
    : state_(std::make_unique<State>(State{newCipherContext()})) {
  CULVERT_ASSERT(key.size() == aeadKeyBytes(algorithm));
  CULVERT_ASSERT(EVP_EncryptInit_ex2(state_->context.get(), cipherOf(algorithm), key.data(),
                                     nullptr, nullptr) == 1);
}
AeadSealer::AeadSealer(AeadSealer&&) noexcept = default;
AeadSealer& AeadSealer::operator=(AeadSealer&&) noexcept = default;
AeadSealer::~AeadSealer() = default;

void AeadSealer::begin(const AeadNonce& nonce) {
  CULVERT_ASSERT(
      EVP_EncryptInit_ex2(state_->context.get(), nullptr, nullptr, nonce.data(), nullptr) == 1);
}

void AeadSealer::update(Bytes plain, MutableBytes out) {
  CULVERT_ASSERT(out.size() == plain.size());
  if (plain.empty()) return;
  int written = 0;
  CULVERT_ASSERT(EVP_EncryptUpdate(state_->context.get(), out.data(), &written, plain.data(),
                                   static_cast<int>(plain.size())) == 1);
  CULVERT_ASSERT(static_cast<std::size_t>(written) == plain.size());
}

void AeadSealer::finish(MutableBytes tag) {
  CULVERT_ASSERT(tag.size() == kAeadTagBytes);
  int written = 0;
  CULVERT_ASSERT(EVP_EncryptFinal_ex(state_->context.get(), tag.data(), &written) == 1);
  CULVERT_ASSERT(written == 0);
  CULVERT_ASSERT(EVP_CIPHER_CTX_ctrl(state_->context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes,
                                     tag.data()) == 1);
}

void AeadSealer::seal(const AeadNonce& nonce, Bytes associated, Bytes plain, MutableBytes out) {
  CULVERT_ASSERT(out.size() == plain.size() + kAeadTagBytes);
  begin(nonce);
  if (!associated.empty()) {
    int written = 0;
    CULVERT_ASSERT(EVP_EncryptUpdate(state_->context.get(), nullptr, &written, associated.data(),
                                     static_cast<int>(associated.size())) == 1);
  }
  update(plain, out.first(plain.size()));
  finish(out.last(kAeadTagBytes));
}

AeadOpener::AeadOpener(AeadAlgorithm algorithm, Bytes key)
    : state_(std::make_unique<State>(State{newCipherContext()})) {
  CULVERT_ASSERT(key.size() == aeadKeyBytes(algorithm));
  CULVERT_ASSERT(EVP_DecryptInit_ex2(state_->context.get(), cipherOf(algorithm), key.data(),
                                     nullptr, nullptr) == 1);
}
AeadOpener::AeadOpener(AeadOpener&&) noexcept = default;
AeadOpener& AeadOpener::operator=(AeadOpener&&) noexcept = default;
AeadOpener::~AeadOpener() = default;

bool AeadOpener::open(const AeadNonce& nonce, Bytes associated, MutableBytes sealed) {
  if (sealed.size() < kAeadTagBytes) return false;
  EVP_CIPHER_CTX* const context = state_->context.get();
  const MutableBytes text = sealed.first(sealed.size() - kAeadTagBytes);
  const MutableBytes tag = sealed.last(kAeadTagBytes);
  CULVERT_ASSERT(EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1);
  CULVERT_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) ==
                 1);
  int written = 0;
  if (!associated.empty()) {
    CULVERT_ASSERT(EVP_DecryptUpdate(context, nullptr, &written, associated.data(),
                                     static_cast<int>(associated.size())) == 1);
  }
  if (!text.empty()) {
    CULVERT_ASSERT(EVP_DecryptUpdate(context, text.data(), &written, text.data(),
                                     static_cast<int>(text.size())) == 1);
  }
  if (EVP_DecryptFinal_ex(context, text.data() + text.size(), &written) == 1) return true;
  ERR_clear_error();  // TLS reads that queue and must not find our strangers' failures in it
  return false;
}

}  // namespace culvert::crypto

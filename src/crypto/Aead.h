// Authenticated encryption: AES-128-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439), both
// with 12-byte nonces and 16-byte tags behind the ciphertext.
//
// One object per direction and key: building one costs about a microsecond, a message only sets its
// nonce. The nonces are the caller's business; using one twice under a key gives the plaintexts'
// difference away.
#pragma once

#include "base/Bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace culvert::crypto {

enum class AeadAlgorithm : std::uint8_t { Aes128Gcm, ChaCha20Poly1305 };

constexpr std::size_t kAeadTagBytes = 16;
using AeadNonce = std::array<std::uint8_t, 12>;

/// 16 or 32.
std::size_t aeadKeyBytes(AeadAlgorithm algorithm) noexcept;

/// Encrypts.  Throws std::bad_alloc when built without memory; nothing fails afterwards.
class AeadSealer {
 public:
  /// `key` must be aeadKeyBytes(algorithm) long.
  AeadSealer(AeadAlgorithm algorithm, Bytes key);
  AeadSealer(AeadSealer&&) noexcept;
  AeadSealer& operator=(AeadSealer&&) noexcept;
  ~AeadSealer();

  /// One message: `out` is plain.size() + kAeadTagBytes long and may begin where `plain` does.
  void seal(const AeadNonce& nonce, Bytes associated, Bytes plain, MutableBytes out);

  /// The same in pieces: begin(), any number of update()s, finish().  `out` of an update is as long
  /// as `plain` and may be the same bytes.
  void begin(const AeadNonce& nonce);
  void update(Bytes plain, MutableBytes out);
  void finish(MutableBytes tag);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Decrypts, in place.
class AeadOpener {
 public:
  AeadOpener(AeadAlgorithm algorithm, Bytes key);
  AeadOpener(AeadOpener&&) noexcept;
  AeadOpener& operator=(AeadOpener&&) noexcept;
  ~AeadOpener();

  /// `sealed` ends with the tag; on true its first size() - kAeadTagBytes bytes are the plaintext.
  /// On false the message is forged or damaged and its bytes are worthless (CRY-4).
  [[nodiscard]] bool open(const AeadNonce& nonce, Bytes associated, MutableBytes sealed);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace culvert::crypto

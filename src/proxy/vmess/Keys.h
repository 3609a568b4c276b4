// The keys VMess derives, and the texts it derives them with.
#pragma once

#include "base/Bytes.h"
#include "base/Uuid.h"
#include "crypto/Aead.h"
#include "crypto/Digest.h"
#include "crypto/Key.h"
#include "proxy/vmess/Vmess.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace culvert::vmess {

/// KDF(key, path...): hmacChain with "VMess AEAD KDF" and the path as salts.  At most three
/// elements.
crypto::Sha256Digest kdf(Bytes key, std::initializer_list<Bytes> path);
crypto::Key16 kdf16(Bytes key, std::initializer_list<Bytes> path);
crypto::AeadNonce kdf12(Bytes key, std::initializer_list<Bytes> path);

namespace salt {
constexpr std::string_view kAuthId = "AES Auth ID Encryption";
constexpr std::string_view kRequestLengthKey = "VMess Header AEAD Key_Length";
constexpr std::string_view kRequestLengthNonce = "VMess Header AEAD Nonce_Length";
constexpr std::string_view kRequestKey = "VMess Header AEAD Key";
constexpr std::string_view kRequestNonce = "VMess Header AEAD Nonce";
constexpr std::string_view kResponseLengthKey = "AEAD Resp Header Len Key";
constexpr std::string_view kResponseLengthNonce = "AEAD Resp Header Len IV";
constexpr std::string_view kResponseKey = "AEAD Resp Header Key";
constexpr std::string_view kResponseNonce = "AEAD Resp Header IV";
constexpr std::string_view kSealedLength = "auth_len";
}  // namespace salt

/// MD5(id, a constant): what a user's headers are encrypted under.
crypto::Key16 commandKey(const Uuid& id);

/// ChaCha20's 32 bytes out of 16.
crypto::Key32 chachaKey(Bytes key16);

/// Key and IV of one direction of a body.
struct BodyKeys {
  crypto::Key16 key, iv;
  [[nodiscard]] BodyKeys clone() const { return {key.clone(), iv.clone()}; }
};

/// Those of the response, out of the request's.
BodyKeys responseKeys(HeaderKind kind, const BodyKeys& request);

/// Nonce of chunk `count`, which wraps after 65 535 as V2Ray's does.
crypto::AeadNonce chunkNonce(std::uint64_t count, Bytes iv) noexcept;

}  // namespace culvert::vmess

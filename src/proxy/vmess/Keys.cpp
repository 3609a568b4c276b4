#include "proxy/vmess/Keys.h"

#include "base/Assert.h"
#include "crypto/Kdf.h"

#include <algorithm>

namespace culvert::vmess {

crypto::Sha256Digest kdf(Bytes key, std::initializer_list<Bytes> path) {
  std::array<Bytes, crypto::kMaxChainSalts> salts;
  CULVERT_ASSERT(path.size() < salts.size());
  salts[0] = asBytes("VMess AEAD KDF");
  std::copy(path.begin(), path.end(), salts.begin() + 1);
  return crypto::hmacChain(std::span(salts).first(path.size() + 1), key);
}

crypto::Key16 kdf16(Bytes key, std::initializer_list<Bytes> path) {
  crypto::Sha256Digest derived = kdf(key, path);
  crypto::Key16 result(Bytes(derived).first(16));
  wipe(derived);
  return result;
}

crypto::AeadNonce kdf12(Bytes key, std::initializer_list<Bytes> path) {
  const crypto::Sha256Digest derived = kdf(key, path);
  crypto::AeadNonce nonce;
  std::copy_n(derived.begin(), nonce.size(), nonce.begin());
  return nonce;
}

crypto::Key16 commandKey(const Uuid& id) {
  const Bytes pieces[] = {id, asBytes("c48619fe-8f02-49e0-b9e9-edf763e17e21")};
  crypto::Md5Digest digest = crypto::md5(pieces);
  crypto::Key16 key(digest);
  wipe(digest);
  return key;
}

crypto::Key32 chachaKey(Bytes key16) {
  crypto::Md5Digest first = crypto::md5(key16), second = crypto::md5(Bytes(first));
  crypto::Key32 key;
  std::copy(first.begin(), first.end(), key.bytes().begin());
  std::copy(second.begin(), second.end(), key.bytes().begin() + 16);
  wipe(first);
  wipe(second);
  return key;
}

BodyKeys responseKeys(HeaderKind kind, const BodyKeys& request) {
  if (kind == HeaderKind::Legacy) {
    return {crypto::Key16(crypto::md5(request.key.view())),
            crypto::Key16(crypto::md5(request.iv.view()))};
  }
  const auto first16 = [](crypto::Sha256Digest digest) {
    crypto::Key16 key(Bytes(digest).first(16));
    wipe(digest);
    return key;
  };
  return {first16(crypto::sha256(request.key.view())), first16(crypto::sha256(request.iv.view()))};
}

crypto::AeadNonce chunkNonce(std::uint64_t count, Bytes iv) noexcept {
  crypto::AeadNonce nonce;
  nonce[0] = static_cast<std::uint8_t>(count >> 8);
  nonce[1] = static_cast<std::uint8_t>(count);
  std::copy_n(iv.begin() + 2, nonce.size() - 2, nonce.begin() + 2);
  return nonce;
}

}  // namespace culvert::vmess

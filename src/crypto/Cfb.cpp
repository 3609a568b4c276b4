#include "crypto/Cfb.h"

#include "base/Assert.h"
#include "crypto/OpenSsl.h"

namespace culvert::crypto {

struct AesCfb::State {
  CipherContext context;
};

AesCfb::AesCfb(Way way, Bytes key, Bytes iv)
    : state_(std::make_unique<State>(State{newCipherContext()})) {
  CULVERT_ASSERT(key.size() == 16 && iv.size() == 16);
  CULVERT_ASSERT(EVP_CipherInit_ex2(state_->context.get(), algorithms().aes128Cfb, key.data(),
                                    iv.data(), way == Way::Encrypt ? 1 : 0, nullptr) == 1);
}
AesCfb::AesCfb(AesCfb&&) noexcept = default;
AesCfb& AesCfb::operator=(AesCfb&&) noexcept = default;
AesCfb::~AesCfb() = default;

void AesCfb::apply(Bytes in, MutableBytes out) {
  CULVERT_ASSERT(in.size() == out.size());
  if (in.empty()) return;
  int written = 0;
  CULVERT_ASSERT(EVP_CipherUpdate(state_->context.get(), out.data(), &written, in.data(),
                                  static_cast<int>(in.size())) == 1);
  CULVERT_ASSERT(static_cast<std::size_t>(written) == in.size());
}

}  // namespace culvert::crypto

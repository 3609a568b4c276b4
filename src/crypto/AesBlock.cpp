#include "crypto/AesBlock.h"

#include "base/Assert.h"
#include "crypto/OpenSsl.h"

namespace culvert::crypto {

struct AesBlock::State {
  CipherContext context;
};

AesBlock::AesBlock(Way way, Bytes key)
    : state_(std::make_unique<State>(State{newCipherContext()})) {
  CULVERT_ASSERT(key.size() == 16);
  CULVERT_ASSERT(EVP_CipherInit_ex2(state_->context.get(), algorithms().aes128Ecb, key.data(),
                                    nullptr, way == Way::Encrypt ? 1 : 0, nullptr) == 1);
  CULVERT_ASSERT(EVP_CIPHER_CTX_set_padding(state_->context.get(), 0) == 1);
}
AesBlock::AesBlock(AesBlock&&) noexcept = default;
AesBlock& AesBlock::operator=(AesBlock&&) noexcept = default;
AesBlock::~AesBlock() = default;

AesBlock::Block AesBlock::apply(const Block& in) {
  Block out;
  int written = 0;
  CULVERT_ASSERT(EVP_CipherUpdate(state_->context.get(), out.data(), &written, in.data(),
                                  static_cast<int>(in.size())) == 1);
  CULVERT_ASSERT(written == static_cast<int>(out.size()));
  return out;
}

}  // namespace culvert::crypto

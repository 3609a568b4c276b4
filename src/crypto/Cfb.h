// AES-128 in cipher feedback mode with full-block feedback (CFB128, NIST SP 800-38A): one
// continuous stream, fed in pieces of any size.  It hides but does not authenticate.
#pragma once

#include "base/Bytes.h"
#include "crypto/AesBlock.h"

#include <memory>

namespace culvert::crypto {

class AesCfb {
 public:
  /// `key` and `iv` must be 16 bytes long.  Throws std::bad_alloc.
  AesCfb(Way way, Bytes key, Bytes iv);
  AesCfb(AesCfb&&) noexcept;
  AesCfb& operator=(AesCfb&&) noexcept;
  ~AesCfb();

  /// The next bytes of the stream; `out` is as long as `in` and may be the same bytes.
  void apply(Bytes in, MutableBytes out);
  void apply(MutableBytes inPlace) { apply(inPlace, inPlace); }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace culvert::crypto

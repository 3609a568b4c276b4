// AES-128 on single blocks of 16 bytes (FIPS 197): no mode, no padding.
#pragma once

#include "base/Bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace culvert::crypto {

/// Which way a cipher object works.
enum class Way : std::uint8_t { Encrypt, Decrypt };

class AesBlock {
 public:
  using Block = std::array<std::uint8_t, 16>;

  /// `key` must be 16 bytes long.  Throws std::bad_alloc.
  AesBlock(Way way, Bytes key);
  AesBlock(AesBlock&&) noexcept;
  AesBlock& operator=(AesBlock&&) noexcept;
  ~AesBlock();

  /// Not thread-safe.
  [[nodiscard]] Block apply(const Block& in);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace culvert::crypto

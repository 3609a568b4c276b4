// What the processor is good at.
#pragma once

#include <optional>
#include <string_view>

namespace culvert::crypto {

/// Instructions that AES-GCM lives on.
struct CpuFeatures {
  bool aes = false, carrylessMultiply = false;
  bool operator==(const CpuFeatures&) const = default;
};

/// Both are needed: without them AES-GCM falls to a tenth while ChaCha20-Poly1305 hardly cares.
[[nodiscard]] constexpr bool hasFastAesGcm(CpuFeatures features) noexcept {
  return features.aes && features.carrylessMultiply;
}

/// What this processor has.
[[nodiscard]] CpuFeatures processorFeatures() noexcept;

/// What OpenSSL uses of it, from its own account: "OPENSSL_ia32cap=0x…:0x…" on x86,
/// "OPENSSL_armcap=0x…" on ARM, where the user may have masked some out.  Nothing: it does not say.
/// Source: OPENSSL_ia32cap(3); arm_arch.h of OpenSSL 3.
[[nodiscard]] std::optional<CpuFeatures> featuresOpenSslUses(std::string_view account) noexcept;

/// Whether AES-GCM is fast in this process: the processor has what it takes, and OpenSSL uses it.
[[nodiscard]] bool hasFastAesGcm() noexcept;

}  // namespace culvert::crypto

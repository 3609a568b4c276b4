// What the processor is good at.
#pragma once

namespace culvert::crypto {

/// Whether AES-GCM is fast here: the processor has instructions for AES and for carry-less
/// multiplication. Without them AES-GCM falls to a tenth while ChaCha20-Poly1305 hardly cares.
[[nodiscard]] bool hasFastAesGcm() noexcept;

}  // namespace culvert::crypto

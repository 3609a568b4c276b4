#include "crypto/Cpu.h"

#include <openssl/crypto.h>

#include <charconv>
#include <cstdint>

namespace culvert::crypto {
namespace {

// OPENSSL_ia32cap: CPUID leaf 1, EDX in the low half of the first word, ECX in the high one.
constexpr std::uint64_t kIa32Aes = std::uint64_t{1} << (32 + 25),
                        kIa32Multiply = std::uint64_t{1} << (32 + 1);
constexpr std::uint64_t kArmAes = 1u << 2, kArmMultiply = 1u << 5;

/// The hexadecimal number behind `name`.
std::optional<std::uint64_t> numberBehind(std::string_view name, std::string_view text) noexcept {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + name.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<CpuFeatures> featuresOpenSslUses(std::string_view account) noexcept {
  if (const auto bits = numberBehind("OPENSSL_ia32cap=0x", account)) {
    return CpuFeatures{(*bits & kIa32Aes) != 0, (*bits & kIa32Multiply) != 0};
  }
  if (const auto bits = numberBehind("OPENSSL_armcap=0x", account)) {
    return CpuFeatures{(*bits & kArmAes) != 0, (*bits & kArmMultiply) != 0};
  }
  return std::nullopt;
}

bool hasFastAesGcm() noexcept {
  const char* const account = OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS);
  const CpuFeatures has = processorFeatures();
  return hasFastAesGcm(has) &&
         hasFastAesGcm(featuresOpenSslUses(account ? account : "").value_or(has));
}

}  // namespace culvert::crypto

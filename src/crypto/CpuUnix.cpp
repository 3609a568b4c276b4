#include "crypto/Cpu.h"

#if defined(__aarch64__) || defined(__arm__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace culvert::crypto {

CpuFeatures processorFeatures() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  return {__builtin_cpu_supports("aes") != 0, __builtin_cpu_supports("pclmul") != 0};
#elif defined(__aarch64__)
  const unsigned long have = getauxval(AT_HWCAP);
  return {(have & HWCAP_AES) != 0, (have & HWCAP_PMULL) != 0};
#elif defined(__arm__)
  // A 32-bit program on a 64-bit processor: the instructions are there all the same.
  const unsigned long have = getauxval(AT_HWCAP2);
  return {(have & HWCAP2_AES) != 0, (have & HWCAP2_PMULL) != 0};
#else
  return {};
#endif
}

}  // namespace culvert::crypto

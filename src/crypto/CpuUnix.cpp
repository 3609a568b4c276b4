#include "crypto/Cpu.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace culvert::crypto {

bool hasFastAesGcm() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
  const unsigned long have = getauxval(AT_HWCAP);
  return (have & HWCAP_AES) != 0 && (have & HWCAP_PMULL) != 0;
#else
  return false;
#endif
}

}  // namespace culvert::crypto

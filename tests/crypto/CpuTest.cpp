#include "crypto/Cpu.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace culvert::crypto {
namespace {

TEST(Cpu, ReadsOpenSslsAccountOfAnX86) {
  EXPECT_EQ(featuresOpenSslUses("OPENSSL_ia32cap=0xfffa3203078bffff:0x40069c219c07ab"),
            (CpuFeatures{true, true}));
  EXPECT_EQ(featuresOpenSslUses("OPENSSL_ia32cap=0xfdfa3201078bffff:0x0 env:~0x200000200000000"),
            (CpuFeatures{false, false}));
  EXPECT_EQ(featuresOpenSslUses("OPENSSL_ia32cap=0x200000000000000:0x0"),
            (CpuFeatures{true, false}));
  EXPECT_EQ(featuresOpenSslUses("OPENSSL_ia32cap=0x200000000:0x0"), (CpuFeatures{false, true}));
}

TEST(Cpu, ReadsOpenSslsAccountOfAnArm) {
  EXPECT_EQ(featuresOpenSslUses("OPENSSL_armcap=0xbd"), (CpuFeatures{true, true}));
  EXPECT_EQ(featuresOpenSslUses("OPENSSL_armcap=0x1"), (CpuFeatures{false, false}));
  EXPECT_EQ(featuresOpenSslUses("OPENSSL_armcap=0x4"), (CpuFeatures{true, false}));
  EXPECT_EQ(featuresOpenSslUses("OPENSSL_armcap=0x20"), (CpuFeatures{false, true}));
}

TEST(Cpu, TakesAnotherAccountForNone) {
  for (const char* account :
       {"", "N/A", "OPENSSL_ia32cap=", "OPENSSL_ia32cap=0x", "OPENSSL_armcap=0xzz",
        "OPENSSL_riscvcap=RV64GC", "OPENSSL_ia32cap=0xffffffffffffffffff"}) {
    EXPECT_EQ(featuresOpenSslUses(account), std::nullopt) << account;
  }
}

TEST(Cpu, NeedsBothForFastAesGcm) {
  EXPECT_TRUE(hasFastAesGcm(CpuFeatures{true, true}));
  EXPECT_FALSE(hasFastAesGcm(CpuFeatures{true, false}));
  EXPECT_FALSE(hasFastAesGcm(CpuFeatures{false, true}));
}

// OpenSSL looks at the processor before main(): a process of its own, begun with the mask.
TEST(CpuDeathTest, BelievesOpenSslThatSomethingIsMaskedOut) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto tell = [] {
    std::fputs(hasFastAesGcm() ? "fast" : "slow", stderr);
    std::exit(0);
  };
#if defined(__x86_64__)
  const char *const variable = "OPENSSL_ia32cap", *const mask = "~0x200000200000000";
#else
  const char *const variable = "OPENSSL_armcap", *const mask = "0x0";
#endif
  setenv(variable, mask, 1);
  EXPECT_EXIT(tell(), testing::ExitedWithCode(0), "^slow$");
  unsetenv(variable);
  EXPECT_EXIT(tell(), testing::ExitedWithCode(0),
              hasFastAesGcm(processorFeatures()) ? "^fast$" : "^slow$");
}

}  // namespace
}  // namespace culvert::crypto

#include "crypto/Digest.h"
#include "crypto/Library.h"
#include "support/Hex.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace culvert::crypto {
namespace {

/// A configuration under which OpenSSL finds no algorithm at all.
std::string writeBadConfiguration() {
  const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path = testing::TempDir() + "culvert-" + name + ".cnf";
  std::ofstream(path) << "openssl_conf = main\n[main]\nalg_section = algorithms\n"
                         "[algorithms]\ndefault_properties = provider=nowhere\n";
  return path;
}

/// Whether OpenSSL knows the digest `name` now.
std::string lookUp(const char* name) {
  EVP_MD* const digest = EVP_MD_fetch(nullptr, name, nullptr);
  EVP_MD_free(digest);
  return digest != nullptr ? "found" : "not found";
}

[[noreturn]] void leave(const std::string& words) {
  std::fputs(words.c_str(), stderr);
  std::exit(0);
}

// Each statement runs in a process of its own, where OpenSSL has not been used yet.
class LibraryDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    path_ = writeBadConfiguration();
    setenv("OPENSSL_CONF", path_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("OPENSSL_CONF");
    std::filesystem::remove(path_);
  }
  std::string path_;
};

TEST_F(LibraryDeathTest, TheConfigurationOfThisTestDoesHarmWhenItIsRead) {
  EXPECT_EXIT(leave(lookUp("SHA256")), testing::ExitedWithCode(0), "^not found$");
}

TEST_F(LibraryDeathTest, ReadsNoConfigurationFile_PRIV_7) {
  EXPECT_EXIT(leave(test::toHex(sha256(asBytes("abc")))), testing::ExitedWithCode(0),
              "^ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad$");
}

TEST_F(LibraryDeathTest, OnceInitialisedNobodyElseReadsItEither_PRIV_7) {
  EXPECT_EXIT((initialise(), leave(lookUp("SHA512"))), testing::ExitedWithCode(0), "^found$");
}

}  // namespace
}  // namespace culvert::crypto

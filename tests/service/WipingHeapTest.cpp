#include "service/WipingHeap.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>

namespace culvert::service {
namespace {

/// How often the text stands in the heap, as the kernel shows it: freed memory, too.
std::size_t countInHeap(const std::string& text) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("[heap]") == std::string::npos) continue;
    const std::size_t from = std::stoull(line, nullptr, 16);
    const std::size_t to = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
    const char* const heap = reinterpret_cast<const char*>(from);
    std::size_t count = 0;
    for (std::size_t at = 0; at + text.size() <= to - from; ++at) {
      count += std::memcmp(heap + at, text.data(), text.size()) == 0;
    }
    return count;
  }
  return 0;
}

/// Two halves, so that the whole stands only where a test puts it.
const char* const kFirst = "a-secret-that-is-long-";
const char* const kSecond = "enough-for-the-heap-to-hold-it";

/// Copies that nobody wipes, as a parser leaves them behind the first bytes of a freed block, which
/// the heap uses itself.
void leaveCopies(const std::string& padding) {
  for (int i = 0; i < 4; ++i) {
    std::string copy = padding;
    copy += kFirst;
    copy += kSecond;
    ASSERT_GT(copy.size(), padding.size());
  }
}

class WipingHeapTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer's heap is elsewhere";
#endif
    ASSERT_GT(countInHeap(wanted_), 0u) << "the heap is not where the kernel says";
  }
  const std::string padding_ = std::string(40, '.'), wanted_ = kSecond;
};

TEST_F(WipingHeapTest, LeavesNothingOfWhatIsFreed_KEY_6) {
  {
    const WipingHeap wiping;
    leaveCopies(padding_);
  }
  EXPECT_EQ(countInHeap(wanted_), 1u) << "the one that is looked for";
}

TEST_F(WipingHeapTest, WipesOnlyWhileItLives) {
  leaveCopies(padding_);
  EXPECT_GT(countInHeap(wanted_), 1u) << "else the test above cannot fail";
  const WipingHeap wiping;
  leaveCopies(padding_);  // in the same blocks
}

}  // namespace
}  // namespace culvert::service

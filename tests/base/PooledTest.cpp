#include "base/Pooled.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace culvert {
namespace {

struct Base {
  virtual ~Base() = default;
};
struct Thing final : Base, Pooled<Thing> {
  std::uint64_t words[4] = {1, 2, 3, 4};
};

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Pooled, GivesTheMemoryOfOneToTheNext) {
  auto first = std::make_unique<Thing>();
  const void* const place = first.get();
  std::unique_ptr<Base>(std::move(first)).reset();
  const auto second = std::make_unique<Thing>();
  EXPECT_EQ(static_cast<const void*>(second.get()), place);
  EXPECT_EQ(second->words[3], 4u);
}
#endif

TEST(Pooled, NeverGivesTheSamePlaceTwice) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Thing>> things;
    std::set<const Thing*> places;
    for (int i = 0; i < 200; ++i) {
      things.push_back(std::make_unique<Thing>());
      EXPECT_TRUE(places.insert(things.back().get()).second);
    }
  }
}

TEST(Pooled, TakesBackWhatAnotherThreadHasMade) {
  std::vector<std::unique_ptr<Base>> things;
  std::thread([&] {
    for (int i = 0; i < 100; ++i) things.push_back(std::make_unique<Thing>());
  }).join();
  things.clear();
  std::thread([&] { things.push_back(std::make_unique<Thing>()); }).join();
  EXPECT_EQ(things.size(), 1u);
}

}  // namespace
}  // namespace culvert

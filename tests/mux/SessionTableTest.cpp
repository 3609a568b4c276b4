#include "mux/SessionTable.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <random>
#include <set>
#include <vector>

namespace culvert::mux {
namespace {

/// Streams that are told apart by their address and never looked into.
class SessionTableTest : public testing::Test {
 protected:
  MuxStream& stream(SessionId id) { return reinterpret_cast<MuxStream&>(places_[id]); }
  void add(SessionId id) { table_.add(id, stream(id)); }

  std::vector<std::max_align_t> places_{65'536};
  SessionTable table_;
};

TEST_F(SessionTableTest, FindsNothingWhileEmpty) {
  EXPECT_EQ(table_.find(1), nullptr);
  table_.remove(1);
  EXPECT_TRUE(table_.empty());
}

TEST_F(SessionTableTest, FindsWhoStandsBehindARemovedNeighbour) {
  // All three want the same place.
  for (const SessionId id : std::array<SessionId, 3>{8, 16, 24}) add(id);
  table_.remove(8);
  EXPECT_EQ(table_.find(8), nullptr);
  EXPECT_EQ(table_.find(16), &stream(16));
  EXPECT_EQ(table_.find(24), &stream(24));
}

TEST_F(SessionTableTest, HoldsEveryIdThereIs) {
  for (std::size_t id = 0; id < 65'536; ++id) add(static_cast<SessionId>(id));
  EXPECT_EQ(table_.size(), 65'536u);
  for (std::size_t id = 0; id < 65'536; ++id) {
    EXPECT_EQ(table_.find(static_cast<SessionId>(id)), &stream(static_cast<SessionId>(id)));
    table_.remove(static_cast<SessionId>(id));
  }
  EXPECT_TRUE(table_.empty());
}

TEST_F(SessionTableTest, AgreesWithAMapWhateverComesAndGoes) {
  std::mt19937 random(1);
  std::set<SessionId> there;
  for (int step = 0; step < 200'000; ++step) {
    // Dense and sparse ids, crowds that come and go.
    const bool growing = (step / 5'000) % 2 == 0;
    const auto id = static_cast<SessionId>(random() % (step % 3 == 0 ? 65'536 : 512));
    if (there.count(id) > 0) {
      if (growing) continue;
      table_.remove(id);
      there.erase(id);
    } else if (growing) {
      add(id);
      there.insert(id);
    }
    ASSERT_EQ(table_.size(), there.size());
    const auto other = static_cast<SessionId>(random() % 1'024);
    ASSERT_EQ(table_.find(other), there.count(other) > 0 ? &stream(other) : nullptr);
  }
  std::size_t seen = 0;
  table_.forEach([&](MuxStream&) { ++seen; });
  EXPECT_EQ(seen, there.size());
}

}  // namespace
}  // namespace culvert::mux

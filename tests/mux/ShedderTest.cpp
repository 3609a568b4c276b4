#include "mux/Shedder.h"
#include "net/QueueBudget.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace culvert::mux {
namespace {

/// Holds so much in so many equal sessions.
class Hoard final : public Shedder::Holder {
 public:
  Hoard(Shedder& shedder, Loop& loop, std::string& order, char name, int sessions, std::size_t each)
      : place_(shedder, loop, *this), order_(order), name_(name), sessions_(sessions), each_(each) {
    place_.add(each * static_cast<std::size_t>(sessions));
    QueueBudget::add(each * static_cast<std::size_t>(sessions));
  }
  ~Hoard() { QueueBudget::sub(each_ * static_cast<std::size_t>(sessions_)); }
  Hoard(const Hoard&) = delete;
  Hoard& operator=(const Hoard&) = delete;

  bool shedOne() override {
    if (draining || sessions_ == 0) return false;
    --sessions_;
    place_.sub(each_);
    QueueBudget::sub(each_);
    order_ += name_;
    return true;
  }
  bool draining = false;

 private:
  Shedder::Place place_;
  std::string& order_;
  char name_;
  int sessions_;
  std::size_t each_;
};

struct Limited {
  const std::size_t before = QueueBudget::limit();
  Limited() { QueueBudget::setLimit(QueueBudget::total() + 10'000); }
  ~Limited() { QueueBudget::setLimit(before); }
};

TEST(Shedder, TakesFromWhoeverHoldsMostUntilTheLimitIsKept_LIM_10) {
  const Limited limited;
  culvert::test::ManualLoop loop;
  Shedder shedder;
  std::string order;
  Hoard few(shedder, loop, order, 'f', 2, 3'000), many(shedder, loop, order, 'm', 3, 4'000);
  shedder.relieve();
  shedder.relieve();
  loop.run();
  EXPECT_EQ(order, "mmf");  // 18 000: 14 000, 10 000 (still full), 7 000
}

TEST(Shedder, PassesOverLinksWhoseSessionsDrain_LIM_10) {
  const Limited limited;
  culvert::test::ManualLoop loop;
  Shedder shedder;
  std::string order;
  Hoard first(shedder, loop, order, 'a', 1, 9'000), second(shedder, loop, order, 'b', 1, 2'000);
  first.draining = true;
  shedder.relieve();
  loop.run();
  EXPECT_EQ(order, "b");
}

TEST(Shedder, DoesNotMissAfterALinkHasGone) {
  const Limited limited;
  culvert::test::ManualLoop loop;
  Shedder shedder;
  std::string order;
  auto gone = std::make_unique<Hoard>(shedder, loop, order, 'g', 2, 9'000);
  Hoard stays(shedder, loop, order, 's', 2, 6'000);
  shedder.relieve();
  gone.reset();
  loop.run();
  EXPECT_EQ(order, "s");
}

}  // namespace
}  // namespace culvert::mux

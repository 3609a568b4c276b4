#include "reverse/TunnelPool.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

namespace culvert::reverse {
namespace {

using namespace std::chrono_literals;

struct Bench {
  culvert::test::ManualLoop here, there;
  TunnelPool pool;
  std::uint64_t ids = 0;

  TunnelPtr add(const std::string& user = "nas1") {
    auto tunnel = std::make_shared<Tunnel>(here, ++ids, user);
    tunnel->state = Tunnel::State::Live;
    tunnel->heardAt = here.now().mono.time_since_epoch().count();
    EXPECT_TRUE(pool.add(tunnel));
    return tunnel;
  }
  TunnelPtr pick() { return pool.pick(here, here.now().mono); }
};

TEST(TunnelPool, PicksNoneThatHasNotAnsweredOrIsSilent_RPL_7) {
  Bench bench;
  const TunnelPtr tunnel = bench.add();
  for (const auto state : {Tunnel::State::Unproven, Tunnel::State::Suspect}) {
    tunnel->state = state;
    EXPECT_EQ(bench.pick(), nullptr);
  }
  tunnel->state = Tunnel::State::Live;
  EXPECT_EQ(bench.pick(), tunnel);
  tunnel->closing = true;
  EXPECT_EQ(bench.pick(), nullptr);
}

TEST(TunnelPool, LetsABulkSessionKeepAsManyAwayAsItWeighs) {
  Bench bench;
  const TunnelPtr bulky = bench.add(), other = bench.add();
  bulky->active = bulky->sessions = bulky->bulk = 1;
  for (std::uint32_t i = 0; i < TunnelPool::kBulkWeight; ++i) {
    EXPECT_EQ(bench.pick(), other);
    ++other->active;
    ++other->sessions;
  }
  EXPECT_EQ(bench.pick(), bulky);
  other->active = 0;  // but sessions that rest keep nobody away
  EXPECT_EQ(bench.pick(), other);
}

TEST(TunnelPool, PicksByActivityThenQueueThenSessions) {
  Bench bench;
  const TunnelPtr bulky = bench.add(), queued = bench.add(), crowded = bench.add(),
                  best = bench.add();
  bulky->active = bulky->bulk = 1;
  queued->queued = 200'000;
  crowded->sessions = 5;
  best->sessions = 4;
  best->queued = 60'000;  // less than a step
  EXPECT_EQ(bench.pick(), best);
  bench.pool.remove(*best);
  EXPECT_EQ(bench.pick(), crowded);
  bench.pool.remove(*crowded);
  EXPECT_EQ(bench.pick(), queued);
}

TEST(TunnelPool, PrefersAmongEqualsTheOneThatCarriedBulkLast) {
  Bench bench;
  const TunnelPtr first = bench.add(), last = bench.add(), never = bench.add();
  first->bulkAt = 1'000;
  last->bulkAt = 2'000;
  last->sessions = TunnelPool::kSessionStep - 1;  // that rest
  EXPECT_EQ(bench.pick(), last);
  EXPECT_EQ(bench.pool.pick(bench.there, bench.there.now().mono), last);
  EXPECT_EQ(bench.pool.pickHere(bench.here, bench.here.now().mono), last);
  last->sessions = TunnelPool::kSessionStep;
  EXPECT_EQ(bench.pick(), first);
  first->active = 1;
  EXPECT_EQ(bench.pick(), never);
}

TEST(TunnelPool, PrefersLinksHeardFromLately_F_POWER) {
  Bench bench;
  const TunnelPtr quiet = bench.add(), talking = bench.add();
  bench.here.advance(4s);
  talking->heardAt = bench.here.now().mono.time_since_epoch().count();
  talking->sessions = 50;
  EXPECT_EQ(bench.pick(), talking);
  bench.pool.remove(*talking);
  EXPECT_EQ(bench.pick(), quiet);
}

TEST(TunnelPool, PicksNoLinkThatIsSlowBesideTheOthersOfItsBridge) {
  Bench bench;
  const TunnelPtr starved = bench.add(), busy = bench.add();
  busy->active = busy->sessions = 20;
  bench.pool.setRoundTrip(*busy, 40ms);
  bench.pool.setRoundTrip(*starved, 40ms + TunnelPool::kSlower);
  EXPECT_EQ(bench.pick(), starved);
  bench.pool.setRoundTrip(*starved, 41ms + TunnelPool::kSlower);
  EXPECT_EQ(bench.pick(), busy);
  bench.pool.setRoundTrip(*starved, 150ms);
  bench.pool.setRoundTrip(*busy, 100ms);  // the way is long
  EXPECT_EQ(bench.pick(), starved);
  bench.pool.setRoundTrip(*busy, 40ms);
  bench.pool.remove(*busy);
  EXPECT_EQ(bench.pick(), starved);  // better than none
  // Other bridges are nearer than the one that is free, of the same user and of another.
  starved->instance = "one";
  starved->active = starved->sessions = 1;
  const TunnelPtr near = bench.add("nas2"), far = bench.add();
  near->active = near->sessions = 1;
  far->instance = "another";
  bench.pool.setRoundTrip(*starved, 150ms);
  bench.pool.setRoundTrip(*far, 300ms);
  bench.pool.setRoundTrip(*near, 1ms);
  EXPECT_EQ(bench.pick(), far);
}

TEST(TunnelPool, TakesALinkForSlowAsLongAsItCarriesWhatMadeItSo) {
  Bench bench;
  const TunnelPtr bulky = bench.add(), other = bench.add();
  other->sessions = 1;
  bench.pool.setRoundTrip(*other, 150ms);
  bulky->active = 1;
  bench.pool.setRoundTrip(*bulky, 480ms);  // behind what its session sends
  other->active = 2;
  EXPECT_EQ(bench.pick(), other);
  bulky->active = 0;
  EXPECT_EQ(bench.pick(), bulky);
  bench.pool.setRoundTrip(*bulky, 480ms);  // and it still is
  EXPECT_EQ(bench.pick(), other);
}

TEST(TunnelPool, SpreadsACrowdThatHasNotArrivedYet) {
  Bench bench;
  const TunnelPtr one = bench.add(), other = bench.add();
  for (int i = 0; i < 64; ++i) {
    EXPECT_TRUE(bench.pool.expect(bench.here, bench.here.now().mono));
  }
  EXPECT_EQ(one->coming, 32u);
  EXPECT_EQ(other->coming, 32u);
  for (int i = 0; i < 40; ++i) TunnelPool::arrived(*one);
  EXPECT_EQ(one->coming, 0u);
  EXPECT_EQ(bench.pick(), one);
}

TEST(TunnelPool, FallsBackToRetiringThenBurdenedLinks) {
  Bench bench;
  const TunnelPtr retiring = bench.add(), burdened = bench.add(), fine = bench.add();
  retiring->retiring = true;
  burdened->burdened = true;
  fine->sessions = 1000;
  EXPECT_EQ(bench.pick(), fine);
  bench.pool.remove(*fine);
  EXPECT_EQ(bench.pick(), retiring);
  bench.pool.remove(*retiring);
  EXPECT_EQ(bench.pick(), burdened);
  EXPECT_FALSE(bench.pool.hasOther(*burdened));
}

TEST(TunnelPool, BreaksATieInFavourOfTheVisitorsLoop) {
  Bench bench;
  const auto far1 = std::make_shared<Tunnel>(bench.there, 100, "nas1");
  far1->state = Tunnel::State::Live;
  far1->heardAt = bench.here.now().mono.time_since_epoch().count();
  ASSERT_TRUE(bench.pool.add(far1));
  const TunnelPtr local = bench.add();
  EXPECT_EQ(bench.pick(), local);
  local->sessions = 1;
  EXPECT_EQ(bench.pick(), far1);
}

TEST(TunnelPool, KeepsAVisitorOnTheLoopItWasBroughtTo) {
  Bench bench;
  const auto far1 = std::make_shared<Tunnel>(bench.there, 100, "nas1");
  far1->state = Tunnel::State::Live;
  far1->heardAt = bench.here.now().mono.time_since_epoch().count();
  ASSERT_TRUE(bench.pool.add(far1));
  const TunnelPtr local = bench.add();
  local->sessions = 5;
  EXPECT_EQ(bench.pick(), far1);
  EXPECT_EQ(bench.pool.pickHere(bench.here, bench.here.now().mono), local);
  local->retiring = true;
  EXPECT_EQ(bench.pool.pickHere(bench.here, bench.here.now().mono), far1);
}

TEST(TunnelPool, LimitsTheLinksOfOneUser_LIM_6) {
  Bench bench;
  std::vector<TunnelPtr> tunnels;
  for (std::size_t i = 0; i < TunnelPool::kMostOpen; ++i) tunnels.push_back(bench.add());
  EXPECT_FALSE(bench.pool.add(std::make_shared<Tunnel>(bench.here, 999, "nas1")));
  bench.add("nas2");
  for (const TunnelPtr& tunnel : tunnels) tunnel->retiring = true;
  for (std::size_t i = TunnelPool::kMostOpen; i < TunnelPool::kMostInAll; ++i)
    bench.add()->retiring = true;
  EXPECT_FALSE(bench.pool.add(std::make_shared<Tunnel>(bench.here, 999, "nas1")));
  bench.pool.remove(*tunnels[0]);
  EXPECT_TRUE(bench.pool.add(std::make_shared<Tunnel>(bench.here, 999, "nas1")));
}

TEST(TunnelPool, NamesTheLinksOfAFormerProcess_F_POWER) {
  Bench bench;
  const TunnelPtr old1 = bench.add(), old2 = bench.add(), stranger = bench.add("nas2"),
                  fresh1 = bench.add(), fresh2 = bench.add();
  EXPECT_TRUE(bench.pool.setInstance(*old1, "one").empty());
  EXPECT_EQ(bench.pool.setInstance(*old2, "one").size(), 0u);
  EXPECT_EQ(bench.pool.setInstance(*fresh1, "two"), (std::vector{old1, old2}));
  EXPECT_EQ(bench.pool.setInstance(*fresh2, "two"), (std::vector{old1, old2}));
}

TEST(TunnelPool, DoubtsNoLinkThatHasNotToldItsProcessYet_F_LOSS) {
  Bench bench;
  const TunnelPtr twin = bench.add(), first = bench.add();
  twin->state = Tunnel::State::Unproven;  // its answer was lost on the way, the other's was not
  EXPECT_TRUE(bench.pool.setInstance(*first, "one").empty());
}

}  // namespace
}  // namespace culvert::reverse

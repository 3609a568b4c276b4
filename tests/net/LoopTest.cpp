#include "base/Errc.h"
#include "net/Loop.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace culvert {
namespace {

using namespace std::chrono_literals;
using test::ManualLoop;

struct Timer {
  void onFire() {
    ++fired;
    if (then) then();
  }
  int fired = 0;
  std::function<void()> then;
  DeadlineOf<Timer, &Timer::onFire> deadline{*this};
};

struct Ender {
  void onEnd() {
    ++ended;
    if (then) then();
  }
  int ended = 0;
  std::function<void()> then;
  TurnEndOf<Ender, &Ender::onEnd> work{*this};
};

class Tracked final : public Root {
 public:
  Tracked(Loop& loop, int& alive, const void* owner = nullptr)
      : loop_(loop), alive_(alive), owner_(owner) {
    ++alive_;
  }
  ~Tracked() override { --alive_; }
  void stop(std::error_code why) override {
    stopped = why;
    loop_.retire(*this);
  }
  const void* owner() const noexcept override { return owner_; }
  std::error_code stopped;

 private:
  Loop& loop_;
  int& alive_;
  const void* owner_;
};

TEST(Loop, FiresADeadlineOnceAndNeverEarly) {
  ManualLoop loop;
  Timer timer;
  loop.arm(timer.deadline, 250ms);
  loop.advance(249ms);
  EXPECT_EQ(timer.fired, 0);
  loop.advance(151ms);
  EXPECT_EQ(timer.fired, 1);
  loop.advance(60s);
  EXPECT_EQ(timer.fired, 1);
}

TEST(Loop, MovesADeadlineThatIsArmedAgain) {
  ManualLoop loop;
  Timer timer;
  loop.arm(timer.deadline, 1s);
  loop.advance(900ms);
  loop.arm(timer.deadline, 1s);
  loop.advance(900ms);
  EXPECT_EQ(timer.fired, 0);
  loop.advance(300ms);
  EXPECT_EQ(timer.fired, 1);
}

TEST(Loop, KeepsDeadlinesApartThatShareAWheelSlot) {
  ManualLoop loop;
  Timer soon, late;
  loop.arm(late.deadline, 512 * Loop::kTick + 1s);
  loop.arm(soon.deadline, 1s);
  loop.advance(2s);
  EXPECT_EQ(soon.fired, 1);
  EXPECT_EQ(late.fired, 0);
  loop.advance(512 * Loop::kTick);
  EXPECT_EQ(late.fired, 1);
}

TEST(Loop, FiresEverythingDueAfterALongSleepOnce_F_SLEEP) {
  ManualLoop loop;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 1000; ++i) {
    timers.push_back(std::make_unique<Timer>());
    loop.arm(timers.back()->deadline, i * 100ms);
  }
  loop.stall(8h);
  for (const auto& timer : timers) EXPECT_EQ(timer->fired, 1);
  EXPECT_EQ(loop.awakeSince(), loop.now().mono);
}

TEST(Loop, LetsACallbackDestroyAndArmOthers) {
  ManualLoop loop;
  Timer first;
  auto second = std::make_unique<Timer>();
  auto third = std::make_unique<Timer>();
  const auto killOne = [&] {
    if (second->fired == 0)
      second.reset();
    else
      third.reset();
  };
  first.then = killOne;
  loop.arm(first.deadline, 1s);
  loop.arm(second->deadline, 1s);
  loop.arm(third->deadline, 1s);
  loop.advance(2s);
  EXPECT_EQ(first.fired, 1);
}

TEST(Loop, RunsTurnEndWorkOnceInTheOrderAskedFor) {
  ManualLoop loop;
  std::string order;
  Ender a, b, c;
  a.then = [&] { order += 'a'; };
  b.then = [&] { order += 'b'; };
  c.then = [&] {
    order += 'c';
    loop.atTurnEnd(a.work);  // comes again, behind the others
  };
  loop.atTurnEnd(c.work);
  loop.atTurnEnd(b.work);
  loop.atTurnEnd(b.work);
  loop.run();
  EXPECT_EQ(order, "cba");
}

TEST(Loop, ForgetsTurnEndWorkWhoseOwnerIsGone) {
  ManualLoop loop;
  auto gone = std::make_unique<Ender>();
  Ender first;
  first.then = [&] { gone.reset(); };
  loop.atTurnEnd(first.work);
  loop.atTurnEnd(gone->work);
  loop.run();
  EXPECT_EQ(first.ended, 1);
}

TEST(Loop, DestroysARetiredRootWhenNothingIsOnTheStack) {
  ManualLoop loop;
  int alive = 0;
  Tracked& root = loop.adopt(std::make_unique<Tracked>(loop, alive));
  loop.retire(root);
  loop.retire(root);
  EXPECT_EQ(alive, 1);
  loop.run();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(loop.rootCount(), 0U);
}

TEST(Loop, StopsTheRootsOfOneOwnerOnly_F_RELOAD) {
  ManualLoop loop;
  int alive = 0;
  const char one = 0, two = 0;
  loop.adopt(std::make_unique<Tracked>(loop, alive, &one));
  loop.adopt(std::make_unique<Tracked>(loop, alive, &two));
  loop.stopRoots(&one, Errc::Stopped);
  loop.run();
  EXPECT_EQ(alive, 1);
}

TEST(Loop, DestroysItsRootsWithItself) {
  int alive = 0;
  {
    ManualLoop loop;
    loop.adopt(std::make_unique<Tracked>(loop, alive));
  }
  EXPECT_EQ(alive, 0);
}

TEST(Loop, TakesPostsFromOtherThreads) {
  ManualLoop loop;
  int ran = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) loop.post([&] { ++ran; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  loop.run();
  EXPECT_EQ(ran, 4000);
}

TEST(Loop, KnowsHeadroomOnlyInFrontOfFreshlyReceivedBytes) {
  ManualLoop loop;
  const MutableBytes scratch = loop.scratch();
  EXPECT_EQ(loop.headroomOf(scratch.first(10)).size(), Loop::kHeadroomBytes);
  EXPECT_EQ(loop.headroomOf(scratch.first(10)).data() + Loop::kHeadroomBytes, scratch.data());
  EXPECT_TRUE(loop.headroomOf(scratch.subspan(1)).empty());
}

TEST(Anchor, LetsGoWithItsOwner) {
  auto anchor = std::make_unique<Anchor>();
  const Anchor::Mooring mooring = anchor->mooring();
  EXPECT_TRUE(mooring.holds());
  anchor.reset();
  EXPECT_FALSE(mooring.holds());
}

}  // namespace
}  // namespace culvert

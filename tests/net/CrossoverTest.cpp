#include "net/Crossover.h"
#include "net/Ferry.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace culvert {
namespace {

using test::FakeReceiver;
using test::ManualLoop;

/// Both kinds of joined streams keep the same contract; the ferry's two loops run in turn here.
enum class Kind { Crossover, Ferry };

class Joined : public testing::TestWithParam<Kind> {
 protected:
  void make(Carries carries = Carries::ByteStream) {
    auto ends = GetParam() == Kind::Crossover ? makeCrossover(here_, carries)
                                              : makeFerry(here_, there_, carries);
    a_ = std::move(ends.first);
    b_ = std::move(ends.second);
    a_->attach(heardByA_);
    b_->attach(heardByB_);
  }
  void run() {
    for (int i = 0; i < 8; ++i) {
      here_.run();
      there_.run();
    }
  }
  static void send(Stream& stream, std::string text) { stream.send(asBytes(text)); }

  ManualLoop here_, there_;
  StreamPtr a_, b_;
  FakeReceiver heardByA_, heardByB_;
};

INSTANTIATE_TEST_SUITE_P(Both, Joined, testing::Values(Kind::Crossover, Kind::Ferry),
                         [](const auto& kind) {
                           return kind.param == Kind::Crossover ? "Crossover" : "Ferry";
                         });

TEST_P(Joined, CarriesBytesBothWays) {
  make();
  a_->resume();
  b_->resume();
  send(*a_, "ping");
  send(*b_, "pong");
  run();
  EXPECT_EQ(heardByB_.received, "ping");
  EXPECT_EQ(heardByA_.received, "pong");
}

TEST_P(Joined, KeepsWhatIsSentToAPausedEndAndSaysWhenThereIsRoom) {
  make();
  a_->resume();
  std::string big(300 * 1024, 'x');
  EXPECT_EQ(a_->send(asBytes(big)), Flow::Full);
  run();
  EXPECT_EQ(heardByB_.received, "");
  EXPECT_EQ(heardByA_.rooms, 0);
  b_->resume();
  run();
  EXPECT_EQ(heardByB_.received.size(), big.size());
  EXPECT_EQ(heardByA_.rooms, 1);
}

TEST_P(Joined, EndsOneDirectionAfterTheOther_F_FIN) {
  make();
  a_->resume();
  b_->resume();
  send(*a_, "request");
  a_->end();
  run();
  EXPECT_EQ(heardByB_.received, "request");
  EXPECT_TRUE(heardByB_.ended);
  EXPECT_FALSE(heardByA_.closed.has_value());
  send(*b_, "answer");
  b_->end();
  run();
  EXPECT_EQ(heardByA_.received, "answer");
  EXPECT_TRUE(heardByA_.ended);
  ASSERT_TRUE(heardByA_.closed.has_value());
  ASSERT_TRUE(heardByB_.closed.has_value());
  EXPECT_FALSE(*heardByA_.closed);
  EXPECT_FALSE(*heardByB_.closed);
}

TEST_P(Joined, TellsAnAbortAsAReset_F_CUT) {
  make();
  a_->resume();
  b_->resume();
  a_->abort();
  run();
  ASSERT_TRUE(heardByB_.closed.has_value());
  EXPECT_EQ(*heardByB_.closed, make_error_code(Errc::Reset));
  EXPECT_EQ(heardByA_.closed.value(), make_error_code(Errc::Aborted));
  EXPECT_FALSE(heardByB_.ended);
}

TEST_P(Joined, TellsDestructionAsAReset_F_CUT) {
  make();
  b_->resume();
  a_.reset();
  run();
  ASSERT_TRUE(heardByB_.closed.has_value());
  EXPECT_EQ(*heardByB_.closed, make_error_code(Errc::Reset));
}

TEST_P(Joined, KeepsDatagramsApart) {
  make(Carries::Packets);
  send(*a_, "one");
  send(*a_, "two");
  const Bytes empty;
  a_->send(Pieces(&empty, 1));
  b_->resume();
  run();
  EXPECT_EQ(heardByB_.packets, (std::vector<std::string>{"one", "two", ""}));
}

TEST_P(Joined, StopsBetweenDatagramsWhenPaused) {
  make(Carries::Packets);
  heardByB_.onEachData = [&] { b_->pause(); };
  send(*a_, "one");
  send(*a_, "two");
  b_->resume();
  run();
  EXPECT_EQ(heardByB_.packets, (std::vector<std::string>{"one"}));
  b_->resume();
  run();
  EXPECT_EQ(heardByB_.packets, (std::vector<std::string>{"one", "two"}));
}

TEST_P(Joined, NeverCallsAReceiverFromInsideItsOwnSend) {
  make();
  a_->resume();
  b_->resume();
  bool inSend = false, surprised = false;
  heardByB_.onEachData = [&] { send(*b_, "echo"); };
  heardByA_.onEachData = [&] { surprised |= inSend; };
  inSend = true;
  send(*a_, "call");
  inSend = false;
  run();
  EXPECT_FALSE(surprised);
  EXPECT_EQ(heardByA_.received, "echo");
}

TEST(Crossover, TellsOfRoomAtOnceUnlessItsReceiverIsInACall) {
  ManualLoop loop;
  const auto [a, b] = makeCrossover(loop);
  FakeReceiver heardByA, heardByB;
  a->attach(heardByA);
  b->attach(heardByB);
  a->resume();
  b->resume();
  Stream& paused = *b;
  heardByB.onEachData = [&] { paused.pause(); };
  std::string text = "much";
  EXPECT_EQ(a->send(asBytes(text)), Flow::Full);
  b->resume();
  EXPECT_EQ(heardByA.rooms, 1);

  EXPECT_EQ(a->send(asBytes(text)), Flow::Full);
  int roomsInside = 0;
  heardByA.onEachData = [&] {
    paused.resume();
    roomsInside = heardByA.rooms;
  };
  b->send(asBytes(text));
  EXPECT_EQ(roomsInside, 1);
  loop.run();
  EXPECT_EQ(heardByA.rooms, 2);
}

TEST_P(Joined, SaysNothingNewAfterItIsOver) {
  make();
  a_->resume();
  b_->resume();
  a_->end();
  b_->end();
  run();
  heardByA_.closed.reset();
  b_.reset();
  run();
  EXPECT_FALSE(heardByA_.closed.has_value());
}

}  // namespace
}  // namespace culvert

#include "net/Relay.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

namespace culvert {
namespace {

using namespace std::chrono_literals;
using test::FakeStream;
using test::ManualLoop;
using test::StreamLog;

class RelayTest : public testing::Test {
 protected:
  class Observer final : public RelayObserver {
   public:
    explicit Observer(std::optional<RelayResult>& result) : result_(result) {}
    void onRelayDone(const RelayResult& result) override { result_ = result; }

   private:
    std::optional<RelayResult>& result_;
  };

  void join(RelayOptions options = {}) {
    auto visitor = std::make_unique<FakeStream>(loop_, visitorLog_);
    auto target = std::make_unique<FakeStream>(loop_, targetLog_);
    visitor_ = visitor.get();
    target_ = target.get();
    joinRelay(loop_, std::move(visitor), std::move(target), options,
              std::make_unique<Observer>(result_));
  }
  bool isGone() const { return visitorLog_.destroyed && targetLog_.destroyed; }

  StreamLog visitorLog_, targetLog_;
  std::optional<RelayResult> result_;
  ManualLoop loop_;
  FakeStream *visitor_ = nullptr, *target_ = nullptr;
};

TEST_F(RelayTest, PassesBytesBothWaysAndCountsThem) {
  join();
  EXPECT_FALSE(visitorLog_.paused);
  visitor_->inject("request");
  target_->inject("the answer");
  EXPECT_EQ(targetLog_.sent, "request");
  EXPECT_EQ(visitorLog_.sent, "the answer");
  visitor_->injectEnd();
  EXPECT_TRUE(targetLog_.ended);
  target_->injectEnd();
  EXPECT_TRUE(visitorLog_.ended);
  visitor_->injectClosed();
  target_->injectClosed();
  loop_.run();
  EXPECT_TRUE(isGone());
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->up, 7U);
  EXPECT_EQ(result_->down, 10U);
  EXPECT_FALSE(result_->why);
}

TEST_F(RelayTest, PausesTheSourceOfAFullSideAndNobodyElse) {
  join();
  targetLog_.paused = false;
  target_->setFlow(Flow::Full);
  visitor_->inject("much");
  EXPECT_TRUE(visitorLog_.paused);
  EXPECT_FALSE(targetLog_.paused);
  target_->setFlow(Flow::Open);
  EXPECT_FALSE(visitorLog_.paused);
}

TEST_F(RelayTest, GoesOnInTheOtherDirectionAfterAHalfClose_F_FIN) {
  join();
  visitor_->inject("question");
  visitor_->injectEnd();
  EXPECT_TRUE(targetLog_.ended);
  EXPECT_FALSE(visitorLog_.ended);
  loop_.advance(60s);
  target_->inject("late answer");
  EXPECT_EQ(visitorLog_.sent, "late answer");
  EXPECT_FALSE(result_.has_value());
}

TEST_F(RelayTest, PassesAResetOnAsAReset_F_CUT) {
  join();
  target_->inject("part");
  target_->injectClosed(Errc::Reset);
  EXPECT_TRUE(visitorLog_.aborted);
  EXPECT_FALSE(visitorLog_.ended) << "a cut answer must not look complete";
  loop_.run();
  EXPECT_TRUE(isGone());
  EXPECT_EQ(result_->why, make_error_code(Errc::Reset));
}

TEST_F(RelayTest, ListensALittleLongerToAVisitorWhoseTargetIsOver) {
  join();
  target_->inject("answer");
  target_->injectEnd();
  target_->injectClosed();
  EXPECT_TRUE(visitorLog_.ended);
  visitor_->inject("unwanted");
  EXPECT_EQ(targetLog_.sent, "");
  loop_.advance(4s);
  EXPECT_FALSE(visitorLog_.destroyed) << "closing with unread bytes would destroy the answer";
  loop_.advance(3s);
  EXPECT_TRUE(isGone());
  EXPECT_FALSE(result_->why);
}

TEST_F(RelayTest, WaitsForASlowVisitorToTakeTheAnswerOfAFinishedTarget_F_SLOW) {
  join();
  target_->inject("answer");
  visitor_->queuedBytes = 6;
  target_->injectEnd();
  target_->injectClosed();
  loop_.advance(15min);
  EXPECT_FALSE(visitorLog_.destroyed);
  visitor_->queuedBytes = 0;
  loop_.advance(15s);
  EXPECT_TRUE(isGone());
}

TEST_F(RelayTest, StopsListeningToATargetNobodyWants_F_CANCEL) {
  join();
  visitor_->injectEnd();
  visitor_->injectClosed();
  for (int i = 0; i < 20; ++i) target_->inject(std::string(64 * 1024, 'x'));
  loop_.run();
  EXPECT_TRUE(isGone()) << "after 1 MiB";
}

TEST_F(RelayTest, NoticesThatAVisitorWhoIsHeldBackHasGone_F_CANCEL) {
  join();
  target_->setFlow(Flow::Full);
  visitor_->inject("much");
  loop_.advance(3s);
  EXPECT_FALSE(targetLog_.aborted);
  visitor_->broken = true;
  loop_.advance(1500ms);
  EXPECT_TRUE(targetLog_.aborted);
  loop_.advance(100ms);
  EXPECT_TRUE(isGone());
  EXPECT_EQ(result_->why, make_error_code(Errc::Reset));
}

TEST_F(RelayTest, AsksNobodyWhoIsNotHeldBack) {
  join();
  visitor_->broken = true;  // what it has sent is still to be read
  loop_.advance(5s);
  EXPECT_FALSE(targetLog_.aborted);
}

TEST_F(RelayTest, EndsAnIdleFlowAndNotABusyOne_LIM_16) {
  RelayOptions options;
  options.idle = options.idleUnanswered = 300s;
  join(options);
  for (int i = 0; i < 10; ++i) {
    loop_.advance(290s);
    visitor_->inject("x");
  }
  EXPECT_FALSE(result_.has_value());
  loop_.advance(301s);
  EXPECT_TRUE(isGone());
  EXPECT_EQ(result_->why, make_error_code(Errc::Idle));
}

TEST_F(RelayTest, DoesNotCallASleeperIdle_F_SLOW) {
  RelayOptions options;
  options.idle = 300s;
  join(options);
  target_->inject("x");
  visitor_->queuedBytes = 1;
  loop_.advance(20min);
  EXPECT_FALSE(result_.has_value());
}

TEST_F(RelayTest, DoesNotCallASourceIdleThatMayNotSend_F_SLOW) {
  RelayOptions options;
  options.idle = options.idleUnanswered = 300s;
  join(options);
  visitor_->setFlow(Flow::Full);
  target_->inject("x");
  loop_.advance(20min);
  EXPECT_FALSE(result_.has_value());
  visitor_->setFlow(Flow::Open);
  loop_.advance(301s);
  EXPECT_TRUE(isGone());
  EXPECT_EQ(result_->why, make_error_code(Errc::Idle));
}

TEST_F(RelayTest, EndsAHalfClosedFlowWithoutProgress_LIM_16) {
  join();
  visitor_->injectEnd();
  loop_.advance(299s);
  EXPECT_FALSE(result_.has_value());
  loop_.advance(2s);
  EXPECT_EQ(result_->why, make_error_code(Errc::Idle));
}

TEST_F(RelayTest, ForgetsUnansweredDatagramsSooner_F_UDP) {
  RelayOptions options;
  options.idle = 300s;
  options.idleUnanswered = 60s;
  join(options);
  visitor_->inject("q");
  loop_.advance(61s);
  EXPECT_TRUE(isGone());
}

TEST_F(RelayTest, EndsWhenStoppedFromOutside) {
  const char owner = 0;
  RelayOptions options;
  options.owner = &owner;
  join(options);
  loop_.stopRoots(&owner, Errc::Stopped);
  loop_.run();
  EXPECT_TRUE(isGone());
  EXPECT_EQ(result_->why, make_error_code(Errc::Stopped));
}

}  // namespace
}  // namespace culvert

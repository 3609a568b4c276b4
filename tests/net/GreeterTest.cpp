#include "net/Greeter.h"
#include "support/FakeStream.h"
#include "support/ForEachSplit.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace culvert {
namespace {

using namespace std::chrono_literals;
using test::FakeStream;
using test::forEachSplit;
using test::ManualLoop;
using test::StreamLog;

/// "knock" opens the door; anything else that long does not.
class Knock {
 public:
  static constexpr std::size_t kMaxOpeningBytes = 5;
  Step advance(MutableBytes in, Now) {
    if (in.size() < 5) return {Step::Kind::NeedMore, 5, {}, {}};
    if (asText(in.first(5)) != "knock") return {Step::Kind::Failed, 0, {}, Errc::Unauthenticated};
    return {Step::Kind::Done, 5, {}, {}};
  }
};

class GreeterTest : public testing::Test, protected GreetHandler<Knock> {
 protected:
  static constexpr Clock::duration kPatience = 77s;

  void greet(const char* source = "192.0.2.1") {
    logs_.push_back(std::make_unique<StreamLog>());
    auto stream = std::make_unique<FakeStream>(loop_, *logs_.back());
    stream_ = stream.get();
    Greeter<Knock>::greet(loop_, std::move(stream), Knock(), {Ip::parse(source).value(), 5000},
                          {Ip::loopback4(), 16823}, kPatience, *this, nullptr);
  }
  StreamLog& log() { return *logs_.back(); }

  void onGreeted(Knock, StreamPtr stream, Buffer early, const Endpoint&, const Endpoint&,
                 Loop&) override {
    greeted_ = std::move(stream);
    early_ = std::string(asText(early.view()));
  }
  void onStranger(const Endpoint&, std::error_code why) override { strangers_.push_back(why); }

  std::vector<std::unique_ptr<StreamLog>> logs_;
  StreamPtr greeted_;
  std::optional<std::string> early_;
  std::vector<std::error_code> strangers_;
  ManualLoop loop_;
  FakeStream* stream_ = nullptr;
};

TEST_F(GreeterTest, HandsOverAKnownStreamWithWhatCameBehindTheOpening) {
  forEachSplit(asBytes("knock and more"), [&](const std::vector<Bytes>& chunks) {
    greeted_.reset();
    early_.reset();
    greet();
    std::size_t fed = 0;
    for (const Bytes chunk : chunks) {
      if (log().paused) break;
      stream_->inject(chunk);
      fed += chunk.size();
    }
    loop_.run();
    ASSERT_TRUE(early_.has_value());
    EXPECT_EQ(*early_, std::string("knock and more").substr(5, fed - 5));
    EXPECT_TRUE(log().paused);
    EXPECT_TRUE(log().known);
    EXPECT_EQ(log().sent, "") << "not one byte before and none of the greeter's own";
  });
}

TEST_F(GreeterTest, KeepsReadingWhatDoesNotAuthenticate_AUTH_2) {
  greet();
  for (int i = 0; i < 65536 / 64; ++i) {
    if (log().paused) loop_.advance(Loop::kTick);
    stream_->inject(std::string(64, 'x'));
  }
  EXPECT_EQ(strangers_.size(), 1U);
  EXPECT_FALSE(log().ended);
  EXPECT_FALSE(log().aborted);
  EXPECT_EQ(log().sent, "");
}

TEST_F(GreeterTest, EndsAtOneMomentWhateverWasSent_AUTH_3) {
  for (const std::string& bytes :
       {std::string(), std::string("kno"), std::string("wrong"), std::string(3000, 'x')}) {
    greet();
    if (!bytes.empty()) stream_->inject(bytes);
    for (int i = 0; i < 70; ++i) {
      loop_.advance(1s);
      if (!log().paused && !bytes.empty()) stream_->inject("x");
    }
    loop_.advance(kPatience - 70s - 2 * Loop::kTick);
    EXPECT_FALSE(log().ended) << bytes.size();
    loop_.advance(4 * Loop::kTick);
    EXPECT_TRUE(log().ended) << bytes.size();
    EXPECT_FALSE(log().aborted) << "a FIN, never a reset";
    loop_.advance(10s);
    EXPECT_TRUE(log().destroyed);
  }
}

TEST_F(GreeterTest, AnswersAStrangersFinAtOnce_AUTH_4) {
  greet();
  stream_->inject("wrong");
  stream_->injectEnd();
  EXPECT_TRUE(log().ended);
}

TEST_F(GreeterTest, ReadsStrangersSlowly_AUTH_6) {
  greet();
  std::size_t taken = 0;
  for (int tick = 0; tick < 100; ++tick) {
    while (!log().paused) {
      stream_->inject(std::string(4096, 'x'));
      taken += 4096;
    }
    loop_.advance(Loop::kTick);
  }
  EXPECT_LE(taken, 11U * 256 * 1024);
  EXPECT_GE(taken, 5U * 256 * 1024);
}

TEST_F(GreeterTest, LetsNewcomersInWhenOneSourceCrowdsTheDoor_AUTH_7_LIM_2) {
  for (std::size_t i = 0; i < Strangers::kMaxPerPrefix; ++i) greet("203.0.113.5");
  loop_.run();
  EXPECT_FALSE(logs_.front()->ended);
  greet("203.0.113.5");
  loop_.run();
  EXPECT_TRUE(logs_.front()->ended) << "the oldest goes";
  EXPECT_FALSE(logs_[1]->ended);
  EXPECT_FALSE(log().ended);
  greet("198.51.100.1");
  loop_.run();
  EXPECT_FALSE(logs_[1]->ended) << "another source is not to blame";
}

TEST_F(GreeterTest, SendsTheOldestOfTheBusiestSourceAwayWhenTheTableIsFull_LIM_1) {
  for (int i = 0; i < 60; ++i) greet("203.0.113.5");
  for (int net = 0; net < 241; ++net) {
    for (int host = 0; host < 4; ++host) {
      greet(("10.0." + std::to_string(net) + "." + std::to_string(host)).c_str());
    }
  }
  loop_.run();
  EXPECT_EQ(Strangers::ofProcess().count(), Strangers::kMaxAll);
  EXPECT_FALSE(logs_.front()->ended);
  greet("198.51.100.1");
  loop_.run();
  EXPECT_TRUE(logs_.front()->ended);
  EXPECT_FALSE(log().ended);
}

TEST_F(GreeterTest, FreesItsPlaceWhenTheConnectionEnds) {
  greet();
  EXPECT_EQ(Strangers::ofProcess().count(), 1U);
  stream_->injectClosed(Errc::Reset);
  loop_.run();
  EXPECT_EQ(Strangers::ofProcess().count(), 0U);
  EXPECT_TRUE(log().destroyed);
}

}  // namespace
}  // namespace culvert

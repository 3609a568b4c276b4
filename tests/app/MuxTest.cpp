#include "app/MuxCarrier.h"
#include "app/MuxOutbound.h"
#include "crypto/Random.h"
#include "support/FakeProxy.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

namespace culvert::app {
namespace {

/// A server's end of what MuxOutbound opens: each connection gets a MuxCarrier.
class Server final : public proxy::Outbound {
 public:
  Server(test::FakeDispatcher& dispatcher, mux::Environment& mux)
      : dispatcher_(dispatcher), mux_(mux) {}
  void open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr, Loop& here) override {
    targets.push_back(toString(session.target));
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = "vmess-in";
    session.inbound = info;
    session.user = "alice";
    MuxCarrier::start(dispatcher_, &owner, std::move(session), std::move(visitor), mux_, here);
  }
  std::vector<std::string> targets;
  int owner = 0;

 private:
  test::FakeDispatcher& dispatcher_;
  mux::Environment& mux_;
};

class MuxTest : public testing::Test {
 protected:
  void make(std::size_t concurrency) {
    outbound_ = std::make_unique<MuxOutbound>(server_, concurrency, mux_);
  }
  ~MuxTest() override {
    loop_.stopRoots(nullptr, Errc::Stopped);
    loop_.run();
  }

  struct Visitor {
    test::StreamLog log;
    test::FakeStream* stream = nullptr;
  };
  Visitor& visit(const std::string& host, bool link = false) {
    Visitor& visitor = visitors_.emplace_back();
    auto stream = std::make_unique<test::FakeStream>(loop_, visitor.log);
    visitor.stream = stream.get();
    proxy::Session session;
    auto info = std::make_shared<proxy::InboundInfo>();
    info->owner = &visitorOwner_;
    session.inbound = info;
    session.target = {Network::Tcp, host, 80};
    session.link = link;
    auto record = std::make_unique<proxy::FlowRecord>(session, "out", loop_.now().mono);
    outbound_->open(std::move(session), std::move(stream), std::move(record), loop_);
    visitor.stream->inject("hello");
    loop_.run();
    return visitor;
  }

  test::ManualLoop loop_;
  test::FakeSockets sockets_;
  test::FakeDispatcher dispatcher_;
  mux::Environment mux_{&crypto::fillRandom};
  test::FakeReceiver target_;
  std::deque<Visitor> visitors_;
  int visitorOwner_ = 0;
  std::shared_ptr<Server> server_ = std::make_shared<Server>(dispatcher_, mux_);
  std::unique_ptr<MuxOutbound> outbound_;
};

TEST_F(MuxTest, CarriesManyFlowsOnOneConnection) {
  make(8);
  visit("a.test");
  visit("b.test");
  EXPECT_EQ(server_->targets, std::vector<std::string>{"tcp:v1.mux.cool:9527"});
  ASSERT_EQ(dispatcher_.flows.size(), 2u);
  const proxy::Session& session = dispatcher_.flows[0].session;
  EXPECT_EQ(toString(session.target), "tcp:a.test:80");
  EXPECT_EQ(session.inbound->tag, "vmess-in");
  EXPECT_EQ(session.user, "alice");
  EXPECT_NE(session.id, dispatcher_.flows[1].session.id);

  dispatcher_.flows[0].stream->attach(target_);
  dispatcher_.flows[0].stream->resume();
  loop_.run();
  EXPECT_EQ(target_.received, "hello");
  std::string answer = "answer";
  dispatcher_.flows[0].stream->send(asBytes(answer));
  loop_.run();
  EXPECT_EQ(visitors_[0].log.sent, "answer");
  EXPECT_EQ(visitors_[1].log.sent, "");
}

TEST_F(MuxTest, OpensAnotherConnectionWhenOneIsFull) {
  make(2);
  for (int i = 0; i < 5; ++i) visit("a.test");
  EXPECT_EQ(server_->targets.size(), 3u);
  EXPECT_EQ(dispatcher_.flows.size(), 5u);
}

TEST_F(MuxTest, GivesAConnectionUpAfter128Sessions) {
  make(8);
  for (std::size_t i = 0; i < MuxOutbound::kMostEver + 1; ++i) {
    visit("a.test");
    dispatcher_.flows.clear();  // refused at the far end: the session is over
    loop_.run();
  }
  EXPECT_EQ(server_->targets.size(), 2u);
}

TEST_F(MuxTest, PutsNoLinkIntoAMux) {
  make(8);
  visit("private.cloud.com", true);
  EXPECT_EQ(server_->targets, std::vector<std::string>{"tcp:private.cloud.com:80"});
}

TEST_F(MuxTest, EndsItsFlowsWithResetsWhenItsClientGoes_F_CUT) {
  make(8);
  Visitor& visitor = visit("a.test");
  dispatcher_.flows[0].stream->attach(target_);
  dispatcher_.flows[0].stream->resume();
  loop_.run();
  loop_.stopRoots(&server_->owner, Errc::Stopped);
  loop_.advance(std::chrono::seconds(7));
  ASSERT_TRUE(target_.closed.has_value());
  EXPECT_TRUE(*target_.closed);
  EXPECT_FALSE(target_.ended);
  EXPECT_TRUE(visitor.log.aborted || visitor.log.destroyed);
  EXPECT_FALSE(visitor.log.ended);
}

TEST_F(MuxTest, ClosesAnIdleConnection) {
  make(8);
  visit("a.test");
  dispatcher_.flows.clear();
  loop_.run();
  loop_.advance(std::chrono::seconds(65));
  EXPECT_EQ(loop_.rootCount(), 0u);
  visit("a.test");
  EXPECT_EQ(server_->targets.size(), 2u);
}

}  // namespace
}  // namespace culvert::app

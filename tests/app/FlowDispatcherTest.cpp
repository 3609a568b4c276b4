#include "app/FlowDispatcher.h"
#include "crypto/Random.h"
#include "support/FakeProxy.h"
#include "support/FakeSockets.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace culvert::app {
namespace {

using test::FakeStream;
using test::StreamLog;

class FakeOutbound final : public proxy::Outbound {
 public:
  struct Opened {
    proxy::Session session;
    StreamPtr visitor;
    proxy::FlowRecordPtr record;
    Loop* loop;
  };
  Loop& home(const proxy::Session&, Loop& here) override { return elsewhere ? *elsewhere : here; }
  void open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr record,
            Loop& here) override {
    opened.push_back({std::move(session), std::move(visitor), std::move(record), &here});
  }
  Loop* elsewhere = nullptr;
  std::vector<Opened> opened;
};

class FlowDispatcherTest : public testing::Test {
 protected:
  ~FlowDispatcherTest() override {
    // A ferry's ends speak to both loops until they are gone.
    for (const auto& outbound : {a_, b_, deny_, portal_}) outbound->opened.clear();
    here_.stopRoots(nullptr, Errc::Stopped);
    for (test::ManualLoop* loop : {&here_, &there_, &here_, &there_}) loop->run();
  }

  /// Rules as V2Ray writes them; outbounds "a" (the default), "b", and the portal "portal" of
  /// private.cloud.com.
  void plan(const std::string& rules, const std::string& strategy = "AsIs") {
    config::Model model;
    model.domainStrategy = strategy;
    const config::Node list = test::settingsOf(rules);
    for (const config::Node& object : list.items()) {
      config::RuleConfig rule;
      rule.domain = object["domain"];
      rule.ip = object["ip"];
      rule.port = object["port"];
      rule.inboundTag = object["inboundTag"];
      rule.outboundTag = object["outboundTag"];
      model.rules.push_back(std::move(rule));
    }
    model.portals.push_back({"portal", "private.cloud.com", {}, {}});
    config::Problems problems;
    auto made =
        std::make_shared<Plan>(routing::Router(model, routing::GeoFiles(), problems), model);
    ASSERT_EQ(problems.errors(), 0u) << problems.text();
    made->targets.emplace("a", Plan::Target{"a", a_, "", false});
    made->targets.emplace("b", Plan::Target{"b", b_, "", false});
    made->targets.emplace("deny", Plan::Target{"deny", deny_, "", true});
    made->targets.emplace("portal", Plan::Target{"portal", portal_, "private.cloud.com", false});
    made->fallback = made->find("a");
    made->tunnelTags.insert("tunnel");
    plan_ = made;
    dispatcher_.setPlan(made);
  }

  std::unique_ptr<FakeStream> visitor() { return std::make_unique<FakeStream>(here_, log_); }
  proxy::Session session(const std::string& tag, const Destination& target) const {
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = tag;
    info->owner = this;
    proxy::Session made;
    made.inbound = info;
    made.target = target;
    return made;
  }
  void dispatch(const std::string& tag, const Destination& target) {
    dispatcher_.dispatch(session(tag, target), visitor(), here_);
    here_.run();
  }
  static Destination tcp(const char* host, std::uint16_t port) {
    return {Network::Tcp, parseHost(host), port};
  }

  test::ManualLoop here_, there_;
  test::FakeSockets sockets_;
  test::AccessLines lines_;
  StreamLog log_;
  mux::Environment mux_{&crypto::fillRandom};
  std::shared_ptr<FakeOutbound> a_ = std::make_shared<FakeOutbound>(),
                                b_ = std::make_shared<FakeOutbound>(),
                                deny_ = std::make_shared<FakeOutbound>(),
                                portal_ = std::make_shared<FakeOutbound>();
  std::shared_ptr<Plan> plan_;
  FlowDispatcher dispatcher_{sockets_, mux_};
};

TEST_F(FlowDispatcherTest, GivesAFlowToTheOutboundOfItsRule) {
  plan(R"([{"port": 80, "outboundTag": "b"}])");
  dispatch("in", tcp("x.test", 80));
  dispatch("in", tcp("x.test", 81));
  ASSERT_EQ(b_->opened.size(), 1u);
  ASSERT_EQ(a_->opened.size(), 1u);
  EXPECT_EQ(b_->opened[0].session.inbound->tag, "in");
  EXPECT_EQ(b_->opened[0].loop, &here_);
  EXPECT_FALSE(b_->opened[0].session.publicOnly);
}

TEST_F(FlowDispatcherTest, ClosesWhatNothingTakes) {
  plan("[]");
  plan_->fallback = nullptr;
  dispatch("in", tcp("x.test", 80));
  EXPECT_TRUE(log_.destroyed);
  EXPECT_FALSE(log_.ended);
  ASSERT_EQ(lines_.lines.size(), 1u);
}

TEST_F(FlowDispatcherTest, ClosesWhenTheRulesOutboundIsGone) {
  plan(R"([{"port": 80, "outboundTag": "vanished"}])");
  dispatch("in", tcp("x.test", 80));
  EXPECT_TRUE(log_.destroyed);
  EXPECT_TRUE(a_->opened.empty());
}

TEST_F(FlowDispatcherTest, LetsALinksUserDoOnlyWhatARuleSays_PORT_3) {
  plan(
      R"([{"inboundTag": ["tunnel"], "domain": ["full:private.cloud.com"], "outboundTag": "portal"},
           {"inboundTag": ["tunnel"], "port": 443, "outboundTag": "b"},
           {"inboundTag": ["tunnel"], "ip": ["10.0.0.1"], "outboundTag": "b"}])");
  dispatch("tunnel", tcp("example.com", 80));
  EXPECT_TRUE(a_->opened.empty()) << "the default outbound is not for links";
  dispatch("tunnel", tcp("private.cloud.com", 0));
  EXPECT_EQ(portal_->opened.size(), 1u);
  dispatch("tunnel", tcp("example.com", 443));
  dispatch("tunnel", tcp("10.0.0.1", 80));
  ASSERT_EQ(b_->opened.size(), 2u);
  EXPECT_TRUE(b_->opened[0].session.publicOnly);
  EXPECT_FALSE(b_->opened[1].session.publicOnly) << "a rule that names addresses means them";
  dispatch("other", tcp("example.com", 80));
  EXPECT_EQ(a_->opened.size(), 1u);
}

TEST_F(FlowDispatcherTest, GivesALinksUserToThePortalThatIsTheDefault) {
  plan("[]");
  plan_->fallback = plan_->find("portal");
  dispatch("tunnel", tcp("example.com", 80));
  EXPECT_EQ(portal_->opened.size(), 1u);
}

TEST_F(FlowDispatcherTest, CountsVisitorsButNoLinksAndNoDatagramsAsUnderWay_F_TERM) {
  plan(R"([{"outboundTag": "portal", "inboundTag": ["tunnel", "external"]}])");
  const std::size_t before = proxy::FlowRecord::underWay();
  dispatch("tunnel", tcp("private.cloud.com", 0));
  EXPECT_EQ(proxy::FlowRecord::underWay(), before);
  dispatch("external", {Network::Udp, std::string("example.com"), 53});
  EXPECT_EQ(proxy::FlowRecord::underWay(), before);
  dispatch("external", tcp("127.0.0.1", 80));
  EXPECT_EQ(proxy::FlowRecord::underWay(), before + 1);
  portal_->opened.clear();
  EXPECT_EQ(proxy::FlowRecord::underWay(), before);
}

TEST_F(FlowDispatcherTest, MovesAFlowToItsOutboundsLoop) {
  plan("[]");
  a_->elsewhere = &there_;
  dispatch("in", tcp("x.test", 80));
  EXPECT_EQ(log_.movedTo, &there_);
  EXPECT_TRUE(a_->opened.empty());
  there_.run();
  ASSERT_EQ(a_->opened.size(), 1u);
  EXPECT_EQ(a_->opened[0].loop, &there_);
  EXPECT_FALSE(log_.destroyed);
}

TEST_F(FlowDispatcherTest, FerriesAFlowThatCannotMove) {
  plan("[]");
  a_->elsewhere = &there_;
  auto stream = visitor();
  FakeStream* const pinned = stream.get();
  pinned->movable = false;
  dispatcher_.dispatch(session("in", tcp("x.test", 80)), std::move(stream), here_);
  here_.run();
  there_.run();
  ASSERT_EQ(a_->opened.size(), 1u);

  test::FakeReceiver receiver;
  a_->opened[0].visitor->attach(receiver);
  a_->opened[0].visitor->resume();
  pinned->inject("hello");
  for (int i = 0; i < 4; ++i) {
    here_.run();
    there_.run();
  }
  EXPECT_EQ(receiver.received, "hello");
  std::string answer = "answer";
  a_->opened[0].visitor->send(asBytes(answer));
  for (int i = 0; i < 4; ++i) {
    there_.run();
    here_.run();
  }
  EXPECT_EQ(log_.sent, "answer");
}

TEST_F(FlowDispatcherTest, LooksANameUpForItsRulesAndGoesOn) {
  plan(R"([{"ip": ["10.0.0.0/8"], "outboundTag": "b"}])", "IPIfNonMatch");
  dispatch("in", tcp("nas.lan", 80));
  ASSERT_EQ(sockets_.lookups.size(), 1u);
  EXPECT_EQ(sockets_.lastLookup().name, "nas.lan");
  EXPECT_TRUE(a_->opened.empty() && b_->opened.empty());
  sockets_.lastLookup().done({}, {Ip::parse("10.1.1.1").value()});
  here_.run();
  ASSERT_EQ(b_->opened.size(), 1u);
  EXPECT_EQ(toString(b_->opened[0].session.target), "tcp:nas.lan:80")
      << "the outbound gets the name";
  EXPECT_EQ(here_.rootCount(), 0u);
}

TEST_F(FlowDispatcherTest, TakesAFailedLookUpForNoAddresses) {
  plan(R"([{"ip": ["10.0.0.0/8"], "outboundTag": "b"}])", "IPOnDemand");
  dispatch("in", tcp("nas.lan", 80));
  sockets_.lastLookup().done(Errc::NameNotFound, {});
  here_.run();
  EXPECT_EQ(a_->opened.size(), 1u);
}

TEST_F(FlowDispatcherTest, ForgetsALookUpWhoseVisitorLeft) {
  plan(R"([{"ip": ["10.0.0.0/8"], "outboundTag": "b"}])", "IPOnDemand");
  auto stream = visitor();
  FakeStream* const leaving = stream.get();
  dispatcher_.dispatch(session("in", tcp("nas.lan", 80)), std::move(stream), here_);
  leaving->injectClosed(Errc::Reset);
  here_.run();
  EXPECT_TRUE(log_.destroyed);
  EXPECT_FALSE(sockets_.lastLookup().open);
  EXPECT_EQ(here_.rootCount(), 0u);
}

TEST_F(FlowDispatcherTest, RefusesNamesThatStandForNoHost) {
  plan("[]");
  dispatch("in", tcp("sp.packet-addr.v2fly.arpa", 0));
  EXPECT_TRUE(log_.destroyed);
  EXPECT_TRUE(a_->opened.empty());
}

TEST_F(FlowDispatcherTest, MarksFlowsByInboundOutboundAndUser) {
  plan(R"([{"port": 80, "outboundTag": "b"}])");
  const proxy::Session one = session("in", tcp("x.test", 80));
  for (const char* user : {"u", "u", "v"}) {
    proxy::Session copy = one;
    copy.userKey = user;
    dispatcher_.dispatch(std::move(copy), visitor(), here_);
  }
  ASSERT_EQ(b_->opened.size(), 3u);
  EXPECT_EQ(b_->opened[0].session.inbound, b_->opened[1].session.inbound);
  EXPECT_NE(b_->opened[0].session.inbound, b_->opened[2].session.inbound);
  EXPECT_NE(b_->opened[0].session.inbound->owner, one.inbound->owner);
}

TEST_F(FlowDispatcherTest, JudgesNewFlowsByANewPlan) {
  plan("[]");
  dispatch("in", tcp("x.test", 80));
  plan(R"([{"port": 80, "outboundTag": "b"}])");
  dispatch("in", tcp("x.test", 80));
  EXPECT_EQ(a_->opened.size(), 1u);
  EXPECT_EQ(b_->opened.size(), 1u);
}

}  // namespace
}  // namespace culvert::app

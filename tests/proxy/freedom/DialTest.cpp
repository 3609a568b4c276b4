#include "proxy/Registry.h"
#include "proxy/freedom/Dial.h"
#include "support/FakeProxy.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

namespace culvert::freedom {
void add(proxy::Registry& registry);

namespace {

using test::FakeStream;
using test::StreamLog;

/// A freedom outbound, one visitor that asks for something, and the world it may dial.
class Freedom : public testing::Test {
 protected:
  void make(const std::string& settings) {
    add(bench_.registry);
    outbound_ =
        (*bench_.registry.findOutbound("freedom"))(test::settingsOf(settings), bench_.context);
    ASSERT_TRUE(outbound_) << bench_.problems.text();
  }

  /// The visitor asks for "tcp:host:port".
  void ask(const Destination& target, proxy::Session session = {}) {
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = "bridge";
    info->owner = &owner_;
    session.inbound = info;
    session.target = target;
    auto stream = std::make_unique<FakeStream>(loop_, visitor_);
    visitorStream_ = stream.get();
    auto record = std::make_unique<proxy::FlowRecord>(session, "out", loop_.now().mono);
    outbound_->open(std::move(session), std::move(stream), std::move(record), loop_);
    loop_.run();
  }
  void answer() {
    auto stream = std::make_unique<FakeStream>(loop_, target_);
    targetStream_ = stream.get();
    bench_.sockets.lastDial().succeed(std::move(stream));
    loop_.run();
  }
  static Destination tcp(const char* host, std::uint16_t port) {
    return {Network::Tcp, parseHost(host), port};
  }
  /// What follows end= in the only access line.
  std::string ending() const {
    if (lines_.lines.size() != 1) return std::to_string(lines_.lines.size()) + " lines";
    return lines_.lines.front().substr(lines_.lines.front().find("end=") + 4);
  }

  test::ManualLoop loop_;
  test::ProxyBench bench_;
  test::AccessLines lines_;
  StreamLog visitor_, target_;
  FakeStream *visitorStream_ = nullptr, *targetStream_ = nullptr;
  std::unique_ptr<proxy::Outbound> outbound_;
  int owner_ = 0;
};

TEST_F(Freedom, JoinsTheVisitorToItsTarget) {
  make("{}");
  ask(tcp("nas.lan", 80));
  EXPECT_EQ(toString(bench_.sockets.lastDial().target), "tcp:nas.lan:80");
  EXPECT_TRUE(visitor_.paused);

  answer();
  EXPECT_FALSE(visitor_.paused);
  visitorStream_->inject("question");
  targetStream_->inject("answer");
  EXPECT_EQ(target_.sent, "question");
  EXPECT_EQ(visitor_.sent, "answer");
  targetStream_->injectEnd();
  EXPECT_TRUE(visitor_.ended);
}

TEST_F(Freedom, ResetsTheVisitorAtOnceWhenTheTargetRefuses_F_ORDER) {
  make("{}");
  ask(tcp("127.0.0.1", 80));
  bench_.sockets.lastDial().fail(std::make_error_code(std::errc::connection_refused));
  EXPECT_TRUE(visitor_.destroyed);
  EXPECT_FALSE(visitor_.ended);
  EXPECT_EQ(bench_.sockets.dials.size(), 1u);
  loop_.run();
  EXPECT_EQ(loop_.rootCount(), 0u);
  EXPECT_EQ(ending(), "\"Connection refused\"");
}

TEST_F(Freedom, GivesUpTheDialWhenTheVisitorGoes_F_CANCEL) {
  make("{}");
  ask(tcp("127.0.0.1", 80));
  visitorStream_->injectClosed(Errc::Reset);
  EXPECT_FALSE(bench_.sockets.lastDial().open);
  loop_.run();
  EXPECT_TRUE(visitor_.destroyed);
  EXPECT_EQ(loop_.rootCount(), 0u);
}

TEST_F(Freedom, DialsWhereItIsRedirected) {
  make(R"({"redirect": "127.0.0.1:0"})");
  ask(tcp("web.default.bridge.culvert.internal", 6001));
  EXPECT_EQ(toString(bench_.sockets.lastDial().target), "tcp:127.0.0.1:6001");
  EXPECT_EQ(outbound_->reach(), std::vector<std::string>{"127.0.0.1, any port"});
}

TEST_F(Freedom, RedirectsDatagramsToo) {
  make(R"({"redirect": "127.0.0.1:51820"})");
  ask({Network::Udp, parseHost("wg.internal"), 1});
  EXPECT_EQ(toString(bench_.sockets.lastDial().target), "udp:127.0.0.1:51820");
}

TEST_F(Freedom, DialsNothingThatItsListDoesNotName_REACH_2) {
  make(R"({"reach": ["tcp:192.168.1.20:443"]})");
  ask(tcp("nas.lan", 443));
  EXPECT_TRUE(bench_.sockets.dials.empty());
  EXPECT_TRUE(bench_.sockets.lookups.empty());
  EXPECT_TRUE(visitor_.destroyed);
  EXPECT_FALSE(visitor_.ended);
  EXPECT_EQ(ending(), "\"target not allowed\"");
}

TEST_F(Freedom, JudgesEachAddressBeforeItIsDialled_REACH_4) {
  make(R"({"reach": ["tcp:192.168.1.20:443"]})");
  ask(tcp("192.168.1.20", 443));
  const auto& judge = bench_.sockets.lastDial().options.judge;
  EXPECT_FALSE(judge({Ip::parse("192.168.1.20").value(), 443}));
  EXPECT_EQ(judge({Ip::parse("192.168.1.21").value(), 443}), make_error_code(Errc::Refused));
  EXPECT_EQ(judge({Ip::parse("127.0.0.1").value(), 443}), make_error_code(Errc::Refused));
}

TEST_F(Freedom, NeverDialsItsOwnListeners_REACH_3) {
  bench_.context.isOwnListener = [](Network, const Endpoint& address) {
    return address.port == 8080;
  };
  make("{}");
  ask(tcp("nas.lan", 8080));
  EXPECT_EQ(bench_.sockets.lastDial().options.judge({Ip::loopback4(), 8080}),
            make_error_code(Errc::Refused));
  EXPECT_FALSE(bench_.sockets.lastDial().options.judge({Ip::loopback4(), 8081}));
}

TEST_F(Freedom, RestrictsTheFamilyAndTheLocalAddress) {
  bench_.context.sendThrough = {Ip::parse("192.0.2.1").value()};
  make(R"({"domainStrategy": "UseIPv4"})");
  ask(tcp("nas.lan", 80));
  EXPECT_EQ(bench_.sockets.lastDial().options.families, Families::V4);
  EXPECT_EQ(bench_.sockets.lastDial().options.from, bench_.context.sendThrough);
}

TEST_F(Freedom, EndsWhatItsOwnerGaveItWhenTold) {
  make("{}");
  ask(tcp("nas.lan", 80));
  loop_.stopRoots(&owner_, Errc::Stopped);
  loop_.run();
  EXPECT_TRUE(visitor_.destroyed);
  EXPECT_FALSE(bench_.sockets.lastDial().open);
}

TEST_F(Freedom, EndsAnIdleFlowAfterItsOwnTimeout) {
  make(R"({"timeout": 30})");
  ask(tcp("nas.lan", 80));
  answer();
  loop_.advance(std::chrono::seconds(29));
  EXPECT_FALSE(visitor_.destroyed);
  loop_.advance(std::chrono::seconds(2));
  EXPECT_TRUE(visitor_.destroyed);
}

TEST_F(Freedom, MakesALinkOfALink) {
  make("{}");
  proxy::Session session;
  session.link = true;
  ask(tcp("private.cloud.com", 0), std::move(session));
  answer();
  EXPECT_TRUE(visitor_.isLink);
  EXPECT_TRUE(target_.isLink);
}

}  // namespace
}  // namespace culvert::freedom

#include "proxy/vmess/Handshake.h"
#include "proxy/vmess/Outbound.h"
#include "proxy/vmess/Reading.h"
#include "proxy/vmess/Vectors.h"
#include "support/FakeProxy.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace culvert::vmess {
namespace {

using culvert::test::FakeStream;
using culvert::test::StreamLog;

const std::string kId = "0f3c1ac8-6f8a-4d5e-9f64-2f9d2c1b7a55";

/// A VMess outbound, a visitor that asks for something, and the server it is connected to.
class VmessOutbound : public testing::Test {
 protected:
  void make(const std::string& userRest = "", const std::string& moreServers = "") {
    const std::string users = R"("users": [{"id": ")" + kId + "\"" + userRest + "}]}";
    outbound_ = makeOutbound(
        culvert::test::settingsOf(R"({"vnext": [{"address": "vps.example.com", "port": 16823, )" +
                                  users + (moreServers.empty() ? "" : ", " + moreServers + users) +
                                  "]}"),
        bench_.context);
    ASSERT_TRUE(outbound_) << bench_.problems.text();
  }
  void ask(const Destination& target, bool link = false) {
    proxy::Session session;
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = "in";
    info->owner = &owner_;
    session.inbound = info;
    session.target = target;
    session.link = link;
    auto stream = std::make_unique<FakeStream>(loop_, visitor_);
    visitorStream_ = stream.get();
    auto record = std::make_unique<proxy::FlowRecord>(session, "out", loop_.now().mono);
    outbound_->open(std::move(session), std::move(stream), std::move(record), loop_);
    loop_.run();
  }
  /// The dial succeeds; the turn is not over yet.
  void answer() {
    auto stream = std::make_unique<FakeStream>(loop_, server_);
    serverStream_ = stream.get();
    bench_.sockets.lastDial().succeed(std::move(stream));
  }
  /// What the server understands of the opening; the rest of what was sent is `body_`.
  std::unique_ptr<ServerHandshake> greet(std::uint16_t alterId = 0) {
    std::vector<Account> accounts;
    accounts.emplace_back(test::uuidOf(kId), alterId, "");
    auto handshake = std::make_unique<ServerHandshake>(
        std::make_shared<Users>(
            std::move(accounts),
            std::make_shared<ReplayHistory>(makeReplayStore(ReplayHistory::tableBytes(64)),
                                            ReplayHistory::State::Fresh, loop_.now())),
        Insecure::Allowed);
    body_ = server_.sent;
    const Step step = handshake->advance(
        {reinterpret_cast<std::uint8_t*>(body_.data()), body_.size()}, loop_.now());
    EXPECT_EQ(step.kind, Step::Kind::Done) << step.error.message();
    body_.erase(0, step.used);
    return handshake;
  }
  static Destination tcp(const char* host, std::uint16_t port) {
    return {Network::Tcp, parseHost(host), port};
  }

  int owner_ = 0;
  StreamLog visitor_, server_;
  culvert::test::AccessLines lines_;
  culvert::test::ManualLoop loop_;
  culvert::test::ProxyBench bench_;
  FakeStream *visitorStream_ = nullptr, *serverStream_ = nullptr;
  std::unique_ptr<proxy::Outbound> outbound_;
  std::string body_;
};

TEST_F(VmessOutbound, CarriesASessionBothWays) {
  make();
  ask(tcp("192.0.2.9", 443));
  EXPECT_EQ(toString(bench_.sockets.lastDial().target), "tcp:vps.example.com:16823");
  answer();
  visitorStream_->inject("question");
  loop_.run();
  ASSERT_EQ(server_.packets.size(), 1u) << "the opening and the first payload leave together";

  const auto handshake = greet();
  EXPECT_EQ(handshake->request().target, tcp("192.0.2.9", 443));
  EXPECT_EQ(handshake->request().command, Command::Tcp);
  EXPECT_EQ(handshake->request().option, 0x0d);
  ServerBody server = handshake->makeBody();
  EXPECT_EQ(test::readAll(server, {asBytes(body_)}).joined(), "question");

  Buffer answerWire;
  const Bytes piece = asBytes("answer");
  server.seal(Pieces(&piece, 1), answerWire);
  server.finish(answerWire);
  serverStream_->inject(answerWire.view());
  EXPECT_EQ(visitor_.sent, "answer");
  EXPECT_TRUE(visitor_.ended);
}

TEST_F(VmessOutbound, OpensWithoutWaitingForTheVisitorsFirstWord) {
  make();
  ask(tcp("example.com", 25));  // where the server speaks first
  answer();
  EXPECT_EQ(server_.sent, "");
  loop_.run();
  EXPECT_EQ(greet()->request().target, tcp("example.com", 25));
  EXPECT_EQ(body_, "");
}

TEST_F(VmessOutbound, OpensALinkAtOnce) {
  make();
  ask(tcp("private.cloud.com", 0), true);
  EXPECT_EQ(bench_.sockets.lastDial().options.timeout, std::chrono::seconds(3));
  answer();
  EXPECT_NE(server_.sent, "");
  EXPECT_TRUE(server_.isLink);
  EXPECT_TRUE(visitor_.isLink);
  EXPECT_EQ(greet()->request().target, tcp("private.cloud.com", 0));
}

TEST_F(VmessOutbound, SendsAeadWhateverAlterIdSays_CRY_1) {
  make(R"(, "alterId": 64)");
  ask(tcp("example.com", 80), true);
  answer();
  EXPECT_EQ(greet(64)->kind(), HeaderKind::Aead);
}

TEST_F(VmessOutbound, SendsLegacyHeadersWhenTold) {
  make(R"(, "alterId": 4, "legacy": true)");
  ask(tcp("example.com", 80), true);
  answer();
  EXPECT_EQ(greet(4)->kind(), HeaderKind::Legacy);
}

TEST_F(VmessOutbound, SendsDatagramsAsSuch) {
  make();
  ask({Network::Udp, parseHost("192.0.2.53"), 53});
  answer();
  visitorStream_->inject("query");
  loop_.run();
  const auto handshake = greet();
  EXPECT_EQ(handshake->request().command, Command::Udp);
  ServerBody server = handshake->makeBody();
  EXPECT_EQ(test::readAll(server, {asBytes(body_)}).frames, std::vector<std::string>{"query"});
}

TEST_F(VmessOutbound, AsksForAMuxByCommand) {
  make();
  ask(tcp("v1.mux.cool", 9527));
  answer();
  loop_.run();
  EXPECT_EQ(greet()->request().command, Command::Mux);
}

TEST_F(VmessOutbound, TakesItsServersInTurn) {
  make("", R"({"address": "192.0.2.2", "port": 1, )");
  for (const char* expected :
       {"tcp:vps.example.com:16823", "tcp:192.0.2.2:1", "tcp:vps.example.com:16823"}) {
    ask(tcp("example.com", 80));
    EXPECT_EQ(toString(bench_.sockets.lastDial().target), expected);
  }
}

TEST_F(VmessOutbound, TriesTheOtherServersBeforeItGivesUp) {
  make("", R"({"address": "192.0.2.2", "port": 1, )");
  ask(tcp("example.com", 80));
  bench_.sockets.dials[0]->fail(Errc::Unreachable);
  ASSERT_EQ(bench_.sockets.dials.size(), 2u);
  EXPECT_EQ(toString(bench_.sockets.lastDial().target), "tcp:192.0.2.2:1");
  EXPECT_FALSE(visitor_.destroyed);
  bench_.sockets.dials[1]->fail(Errc::Unreachable);
  loop_.run();
  EXPECT_EQ(bench_.sockets.dials.size(), 2u);
  EXPECT_TRUE(visitor_.destroyed);
  EXPECT_EQ(loop_.rootCount(), 0u);
  ASSERT_EQ(lines_.lines.size(), 1u);
}

TEST_F(VmessOutbound, StopsDiallingWhenTheVisitorIsGone) {
  make();
  ask(tcp("example.com", 80));
  visitorStream_->injectClosed(Errc::Reset);
  loop_.run();
  EXPECT_FALSE(bench_.sockets.lastDial().open);
  EXPECT_EQ(loop_.rootCount(), 0u);
}

TEST_F(VmessOutbound, StopsWithItsInbound) {
  make();
  ask(tcp("example.com", 80));
  loop_.stopRoots(&owner_, Errc::Stopped);
  loop_.run();
  EXPECT_FALSE(bench_.sockets.lastDial().open);
  EXPECT_TRUE(visitor_.destroyed);
}

TEST_F(VmessOutbound, DialsFromWhereItIsTold) {
  bench_.context.sendThrough = {Ip::loopback4()};
  make();
  ask(tcp("example.com", 80));
  EXPECT_EQ(bench_.sockets.lastDial().options.from, std::vector<Ip>{Ip::loopback4()});
}

TEST_F(VmessOutbound, RefusesNamesNoHeaderCanCarry) {
  make();
  ask({Network::Tcp, std::string(256, 'x'), 80});
  EXPECT_TRUE(bench_.sockets.dials.empty());
  EXPECT_TRUE(visitor_.destroyed);
}

TEST_F(VmessOutbound, ResetsTheVisitorWhenTheServerRefuses_F_CUT) {
  make();
  ask(tcp("example.com", 80));
  answer();
  visitorStream_->inject("question");
  loop_.run();
  serverStream_->injectEnd();  // no response header: not one of ours
  loop_.run();
  EXPECT_FALSE(visitor_.ended) << "a clean end would look like an empty answer";
  EXPECT_TRUE(visitor_.aborted || visitor_.destroyed);
}

}  // namespace
}  // namespace culvert::vmess

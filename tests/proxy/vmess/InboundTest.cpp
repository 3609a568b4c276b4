#include "proxy/vmess/Handshake.h"
#include "proxy/vmess/Inbound.h"
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

using culvert::test::FakeReceiver;
using culvert::test::FakeStream;
using culvert::test::StreamLog;
using std::chrono::seconds;

const std::string kId = "0f3c1ac8-6f8a-4d5e-9f64-2f9d2c1b7a55";
const Endpoint kSource{Ip::loopback4(), 40'000}, kLocal{Ip::loopback4(), 16'823};

/// A VMess inbound with one user, and whoever connects to it.
class VmessInbound : public testing::Test {
 protected:
  struct Visitor {
    StreamLog log;
    FakeStream* stream = nullptr;
  };

  void make(const std::string& rest = R"(, "email": "nas1")", const std::string& more = "") {
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = "tunnel";
    info->owner = &owner_;
    bench_.context.inbound = info;
    bench_.context.tag = "tunnel";
    inbound_ = makeInbound(culvert::test::settingsOf(R"({"clients": [{"id": ")" + kId + "\"" +
                                                     rest + "}]" + more + "}"),
                           bench_.context);
    ASSERT_TRUE(inbound_) << bench_.problems.text();
    inbound_->start(loop_);
  }
  Visitor& connect() {
    visitors_.push_back(std::make_unique<Visitor>());
    Visitor& visitor = *visitors_.back();
    auto stream = std::make_unique<FakeStream>(loop_, visitor.log);
    visitor.stream = stream.get();
    inbound_->accept(std::move(stream), kSource, kLocal, loop_);
    return visitor;
  }
  ClientBody client(Command command = Command::Tcp, std::string host = "private.cloud.com") {
    return openAead(commandKey(test::uuidOf(kId)).view(),
                    {Security::Aes128Gcm, 0x0d, command, {Network::Tcp, std::move(host), 80}},
                    loop_.now());
  }
  static std::string said(ClientBody& body, std::string_view payload = {}) {
    Buffer out;
    const Bytes piece = asBytes(payload);
    if (!payload.empty()) body.seal(Pieces(&piece, 1), out);
    body.flush(out);
    return std::string(asText(out.view()));
  }
  /// How long it takes until the visitor is shown the door.
  Clock::duration patienceWith(Visitor& visitor) {
    const Clock::time_point begun = loop_.now().mono;
    while (!visitor.log.ended && loop_.now().mono - begun < seconds(300))
      loop_.advance(Loop::kTick);
    return loop_.now().mono - begun;
  }

  int owner_ = 0;
  std::vector<std::unique_ptr<Visitor>> visitors_;
  culvert::test::ManualLoop loop_;
  culvert::test::ProxyBench bench_;
  proxy::InboundHandlerPtr inbound_;
};

TEST_F(VmessInbound, DispatchesAKnownUsersSession) {
  make();
  Visitor& visitor = connect();
  ClientBody body = client();
  visitor.stream->inject(said(body, "first words"));
  loop_.run();

  ASSERT_EQ(bench_.dispatcher.flows.size(), 1u);
  auto& [session, stream, loop] = bench_.dispatcher.flows[0];
  EXPECT_EQ(toString(session.target), "tcp:private.cloud.com:80");
  EXPECT_EQ(session.user, "nas1");
  EXPECT_TRUE(inbound_->knowsUser(session.userKey));
  EXPECT_FALSE(inbound_->knowsUser("somebody"));
  EXPECT_EQ(session.source, kSource);
  EXPECT_EQ(session.local, kLocal);
  EXPECT_EQ(session.inbound->tag, "tunnel");
  EXPECT_FALSE(session.sniffed);
  EXPECT_EQ(loop, &loop_);
  EXPECT_TRUE(visitor.log.known);

  FakeReceiver receiver;
  stream->attach(receiver);
  stream->resume();
  loop_.run();
  EXPECT_EQ(receiver.received, "first words");
  EXPECT_EQ(visitor.log.sent, "") << "the response header comes with the response";

  stream->send(asBytes("answer"));
  Buffer answer;
  answer.append(asBytes(visitor.log.sent));
  EXPECT_EQ(test::readAll(body, {answer.view()}).joined(), "answer");
}

TEST_F(VmessInbound, TakesAnOpeningInPieces) {
  make();
  Visitor& visitor = connect();
  ClientBody body = client();
  for (const char c : said(body)) visitor.stream->inject(std::string_view(&c, 1));
  loop_.run();
  EXPECT_EQ(bench_.dispatcher.flows.size(), 1u);
}

TEST_F(VmessInbound, GivesMuxesToTheMuxServer) {
  make();
  ClientBody command = client(Command::Mux), name = client(Command::Tcp, "v1.mux.cool");
  connect().stream->inject(said(command));
  connect().stream->inject(said(name));
  loop_.run();
  EXPECT_EQ(bench_.dispatcher.muxes.size(), 2u);
  EXPECT_EQ(bench_.dispatcher.flows.size(), 0u);
}

TEST_F(VmessInbound, KeepsTheBordersOfDatagrams) {
  make();
  Visitor& visitor = connect();
  ClientBody body = client(Command::Udp);
  std::string wire = said(body, "one");
  wire += said(body, "two");
  visitor.stream->inject(wire);
  loop_.run();
  ASSERT_EQ(bench_.dispatcher.flows.size(), 1u);
  auto& flow = bench_.dispatcher.flows[0];
  EXPECT_EQ(flow.session.target.network, Network::Udp);
  FakeReceiver receiver;
  flow.stream->attach(receiver);
  flow.stream->resume();
  loop_.run();
  EXPECT_EQ(receiver.packets, (std::vector<std::string>{"one", "two"}));
}

TEST_F(VmessInbound, AcceptsLegacyHeadersAsSoonAsItRuns) {
  make(R"(, "alterId": 64)");
  const Account account(test::uuidOf(kId), 64, "");
  for (const seconds wait : {seconds(0), seconds(1), seconds(100), seconds(1000)}) {
    loop_.advance(wait);
    ClientBody body =
        openLegacy(account.commandKey(), account.legacyIds()[64].view(),
                   {Security::Aes128Gcm, 0x0d, Command::Tcp, {Network::Tcp, std::string("a"), 1}},
                   loop_.now());
    const std::size_t before = bench_.dispatcher.flows.size();
    connect().stream->inject(said(body));
    loop_.run();
    EXPECT_EQ(bench_.dispatcher.flows.size(), before + 1) << wait.count();
  }
}

TEST_F(VmessInbound, TreatsEveryCauseOfRefusalAlike_AUTH_5) {
  make(R"(, "alterId": 4)", R"(, "disableInsecureEncryption": true)");
  ClientBody good = client(), toBeReplayed = client(), damaged = client();
  ClientBody insecure = openAead(
      commandKey(test::uuidOf(kId)).view(),
      {Security::None, 0x05, Command::Tcp, {Network::Tcp, std::string("a"), 1}}, loop_.now());
  Now early = loop_.now();
  early.wall -= seconds(500);
  ClientBody skewed = openAead(
      commandKey(test::uuidOf(kId)).view(),
      {Security::Aes128Gcm, 0x0d, Command::Tcp, {Network::Tcp, std::string("a"), 1}}, early);
  const std::string replayed = said(toBeReplayed);
  connect().stream->inject(replayed);
  std::string broken = said(damaged);
  broken[50] = static_cast<char>(broken[50] ^ 1);

  const std::string openings[] = {
      "",          "x",    std::string(16, 'x'),     std::string(5000, 'x'),
      replayed,    broken, said(good).substr(0, 60), said(insecure),
      said(skewed)};
  std::vector<Visitor*> strangers;
  for (const std::string& opening : openings) {
    strangers.push_back(&connect());
    if (!opening.empty()) strangers.back()->stream->inject(opening);
  }
  loop_.run();
  EXPECT_EQ(bench_.dispatcher.flows.size(), 1u);
  const Clock::duration patience = patienceWith(*strangers[0]);
  EXPECT_GE(patience, seconds(60));
  EXPECT_LE(patience, seconds(121));
  for (const Visitor* stranger : strangers) {
    EXPECT_TRUE(stranger->log.ended);
    EXPECT_FALSE(stranger->log.aborted);
    EXPECT_FALSE(stranger->log.known);
    EXPECT_EQ(stranger->log.sent, "") << "not one byte (AUTH-1)";
  }
}

TEST_F(VmessInbound, WaitsAsLongAsTheInstallationDoes_AUTH_3) {
  EXPECT_EQ(patienceOf("a", seconds(60)), patienceOf("a", seconds(60)));
  EXPECT_NE(patienceOf("a", seconds(60)), patienceOf("b", seconds(60)));
  EXPECT_EQ(patienceOf("a", seconds(60)) - patienceOf("a", seconds(4)), seconds(56));
  for (int i = 0; i < 1000; ++i) {
    const Clock::duration patience = patienceOf(std::to_string(i), seconds(60));
    EXPECT_GE(patience, seconds(60));
    EXPECT_LE(patience, seconds(120));
  }

  bench_.context.handshake = seconds(4);
  bench_.context.key = "an installation";
  make();
  const Clock::duration patience = patienceWith(connect());
  EXPECT_GE(patience, patienceOf("an installation", seconds(4)));
  EXPECT_LE(patience, patienceOf("an installation", seconds(4)) + std::chrono::milliseconds(250));
}

TEST_F(VmessInbound, AsksForAListenerForStrangers) {
  make();
  EXPECT_TRUE(inbound_->needs().strangers);
  EXPECT_TRUE(inbound_->needs().tcp);
  EXPECT_FALSE(inbound_->needs().udp);
}

TEST_F(VmessInbound, ReportsSettingsItCannotUse) {
  EXPECT_FALSE(
      makeInbound(culvert::test::settingsOf(R"({"clients": [{"id": 7}]})"), bench_.context));
  EXPECT_GE(bench_.problems.errors(), 1u);
}

}  // namespace
}  // namespace culvert::vmess

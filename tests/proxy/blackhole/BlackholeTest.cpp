#include "proxy/Registry.h"
#include "proxy/blackhole/HttpAnswer.h"
#include "support/FakeProxy.h"
#include "support/FakeStream.h"
#include "support/ForEachSplit.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

namespace culvert::blackhole {
void add(proxy::Registry& registry);

namespace {

using namespace std::chrono_literals;
using test::FakeStream;
using test::StreamLog;

class Blackhole : public testing::Test {
 protected:
  std::unique_ptr<proxy::Outbound> make(const std::string& settings) {
    add(bench_.registry);
    return (*bench_.registry.findOutbound("block"))(test::settingsOf(settings), bench_.context);
  }
  void visit(const std::string& settings, Network network = Network::Tcp) {
    const auto outbound = make(settings);
    ASSERT_TRUE(outbound) << bench_.problems.text();
    proxy::Session session;
    session.target = {network, std::string("a.test"), 80};
    auto stream = std::make_unique<FakeStream>(loop_, visitor_);
    stream_ = stream.get();
    outbound->open(session, std::move(stream),
                   std::make_unique<proxy::FlowRecord>(session, "deny", loop_.now().mono), loop_);
    loop_.run();
  }

  test::ManualLoop loop_;
  test::ProxyBench bench_;
  test::AccessLines lines_;
  StreamLog visitor_;
  FakeStream* stream_ = nullptr;
};

TEST_F(Blackhole, EndsAFlowAtOnce) {
  visit("{}");
  EXPECT_TRUE(visitor_.destroyed);
  EXPECT_EQ(visitor_.sent, "");
  EXPECT_EQ(lines_.lines.size(), 1u);
}

TEST_F(Blackhole, TellsAnHttpVisitor403) {
  visit(R"({"response": {"type": "http"}})");
  stream_->inject("GE");
  EXPECT_EQ(visitor_.sent, "");
  stream_->inject("T / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(visitor_.sent.substr(0, 24), "HTTP/1.1 403 Forbidden\r\n");
  EXPECT_NE(visitor_.sent.find("\r\nContent-Length: 0\r\n"), std::string::npos);
  EXPECT_TRUE(visitor_.sent.ends_with("\r\n\r\n"));
  EXPECT_TRUE(visitor_.ended);
  EXPECT_FALSE(visitor_.destroyed);
  loop_.advance(1200ms);
  EXPECT_TRUE(visitor_.destroyed);
}

TEST_F(Blackhole, TellsOthersNothing) {
  visit(R"({"response": {"type": "HTTP"}})");
  stream_->inject("\x16\x03\x01");
  loop_.run();
  EXPECT_EQ(visitor_.sent, "");
  EXPECT_TRUE(visitor_.destroyed);
}

TEST_F(Blackhole, WaitsOneSecondForTheFirstBytes) {
  visit(R"({"response": {"type": "http"}})");
  loop_.advance(900ms);
  EXPECT_FALSE(visitor_.destroyed);
  loop_.advance(300ms);
  EXPECT_TRUE(visitor_.destroyed);
  EXPECT_EQ(visitor_.sent, "");
}

TEST_F(Blackhole, DropsDatagrams) {
  visit(R"({"response": {"type": "http"}})", Network::Udp);
  EXPECT_TRUE(visitor_.destroyed);
}

TEST_F(Blackhole, RefusesAResponseOfNoKnownType) {
  for (const char* settings : {R"({"response": {"type": "ftp"}})", R"({"response": {}})"}) {
    bench_.problems = {};
    EXPECT_EQ(make(settings), nullptr) << settings;
    EXPECT_EQ(bench_.problems.errors(), 1u) << settings;
  }
}

TEST(HttpAnswer, KnowsTheBeginningsOfHttp) {
  for (const char* text : {"GET /", "POST ", "CONNECT a:1", "OPTIONS *"}) {
    EXPECT_EQ(looksLikeHttp(text), Looks::LikeHttp) << text;
  }
  for (const char* text : {"", "G", "GET", "OPTION"})
    EXPECT_EQ(looksLikeHttp(text), Looks::TooShort) << text;
  for (const char* text : {"GETS ", "get /", "SSH-2.0", "\x16"}) {
    EXPECT_EQ(looksLikeHttp(text), Looks::Unlike) << text;
  }
}

}  // namespace
}  // namespace culvert::blackhole

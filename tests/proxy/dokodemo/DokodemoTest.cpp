#include "proxy/Registry.h"
#include "support/FakeProxy.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

namespace culvert::dokodemo {
void add(proxy::Registry& registry);

namespace {

class Dokodemo : public testing::Test {
 protected:
  Dokodemo() {
    add(bench_.registry);
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = "external";
    info->timeouts.idle = std::chrono::seconds(300);
    bench_.context.inbound = info;
  }
  proxy::InboundHandlerPtr make(const std::string& settings) {
    return (*bench_.registry.findInbound("dokodemo-door"))(test::settingsOf(settings),
                                                           bench_.context);
  }
  StreamPtr visitor() { return std::make_unique<test::FakeStream>(loop_, log_); }

  const Endpoint source_{Ip::parse("203.0.113.7").value(), 51234},
      local_{Ip::parse("198.51.100.1").value(), 80};
  test::ManualLoop loop_;
  test::ProxyBench bench_;
  test::StreamLog log_;
};

TEST_F(Dokodemo, GivesWhateverComesItsTargetAtOnce) {
  const auto door = make(R"({"address": "127.0.0.1", "port": 80, "network": "tcp"})");
  ASSERT_TRUE(door) << bench_.problems.text();
  EXPECT_TRUE(door->needs().tcp);
  EXPECT_FALSE(door->needs().udp);
  EXPECT_FALSE(door->needs().strangers);

  door->accept(visitor(), source_, local_, loop_);
  ASSERT_EQ(bench_.dispatcher.flows.size(), 1u);
  const proxy::Session& session = bench_.dispatcher.flows[0].session;
  EXPECT_EQ(toString(session.target), "tcp:127.0.0.1:80");
  EXPECT_EQ(session.source, source_);
  EXPECT_EQ(session.local, local_);
  EXPECT_EQ(session.inbound->tag, "external");
  EXPECT_GT(session.id, 0u);
  EXPECT_FALSE(session.sniffed);
  EXPECT_TRUE(log_.paused);
}

TEST_F(Dokodemo, TakesDatagramsWhenAsked) {
  const auto door = make(R"({"address": "dns.lan", "port": 53, "network": "tcp, udp"})");
  ASSERT_TRUE(door) << bench_.problems.text();
  EXPECT_TRUE(door->needs().tcp);
  EXPECT_TRUE(door->needs().udp);
  EXPECT_EQ(door->needs().udpIdle, std::chrono::seconds(60));
  EXPECT_EQ(door->needs().udpIdleAnswered, std::chrono::seconds(300));
  door->acceptDatagrams(visitor(), source_, local_, loop_);
  EXPECT_EQ(toString(bench_.dispatcher.flows[0].session.target), "udp:dns.lan:53");
}

TEST_F(Dokodemo, KeepsItsOwnTimes) {
  const auto door =
      make(R"({"address": "a", "port": 1, "network": "udp", "timeout": 7, "udpIdle": 9})");
  ASSERT_TRUE(door) << bench_.problems.text();
  EXPECT_EQ(door->needs().udpIdle, std::chrono::seconds(9));
  door->acceptDatagrams(visitor(), source_, local_, loop_);
  const proxy::Timeouts& timeouts = bench_.dispatcher.flows[0].session.inbound->timeouts;
  EXPECT_EQ(timeouts.idle, std::chrono::seconds(7));
  EXPECT_EQ(timeouts.udpIdle, std::chrono::seconds(9));
  EXPECT_EQ(timeouts.udpIdleAnswered, std::chrono::seconds(9));
}

TEST_F(Dokodemo, RefusesWhatItCannotServe) {
  struct Case {
    const char* settings;
    const char* path;
  };
  for (const Case& row :
       {Case{R"({"port": 80})", "address"}, Case{R"({"address": "a"})", "port"},
        Case{R"({"address": "a", "port": 0})", "port"},
        Case{R"({"address": "a", "port": "80"})", "port"},
        Case{R"({"address": "a", "port": 80, "network": "sctp"})", "network"},
        Case{R"({"address": "a", "port": 80, "followRedirect": true})", "followRedirect"}}) {
    bench_.problems = {};
    EXPECT_EQ(make(row.settings), nullptr) << row.settings;
    ASSERT_EQ(bench_.problems.errors(), 1u) << row.settings << "\n" << bench_.problems.text();
    EXPECT_NE(bench_.problems.all().front().path.find(row.path), std::string::npos)
        << bench_.problems.all().front().path;
  }
}

}  // namespace
}  // namespace culvert::dokodemo

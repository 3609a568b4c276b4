#include "app/InstanceBench.h"
#include "app/ReachTable.h"

#include <fstream>
#include <sstream>

namespace culvert::app {
namespace {

std::string seed(const char* name) {
  std::ifstream file(std::string(CULVERT_TESTS_DIR) + "/e2e/data/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

using InstanceTest = InstanceBench;

TEST_F(InstanceTest, ListensForThePortalOfTheExample) {
  start(seed("node-b-portal.json"));
  ASSERT_EQ(sockets_.listeners.size(), 2u);
  EXPECT_FALSE(sockets_.listenerOn(80)->options.strangers);
  EXPECT_TRUE(sockets_.listenerOn(16823)->options.strangers);
  EXPECT_TRUE(sockets_.listenerOn(80)->options.addresses.empty());

  Visitor& visitor = visit(80);
  EXPECT_FALSE(visitor.log.destroyed) << "parked until a bridge comes";
  EXPECT_TRUE(sockets_.dials.empty());
}

TEST_F(InstanceTest, DialsForTheBridgeOfTheExample) {
  start(seed("node-a-bridge.json"));
  EXPECT_TRUE(sockets_.listeners.empty());
  EXPECT_NE(dialled().find("tcp:serveraddr.com:16823"), std::string::npos) << dialled();
  EXPECT_EQ(reachTable(instance_->model(), instance_->plan()),
            std::vector<std::string>{
                "bridge \"bridge\": the portal can reach: any address that this machine reaches."});
}

TEST_F(InstanceTest, TellsWhatListensAndWhatConnects) {
  start(seed("node-b-portal.json"));
  EXPECT_EQ(instance_->summary(),
            (std::vector<std::string>{"listening on 80/tcp for inbound external (dokodemo-door)",
                                      "listening on 16823/tcp for inbound tunnel (vmess)",
                                      "portal portal waits for bridges of private.cloud.com"}));
  core_.own.set({});
  instance_.reset();
  start(seed("node-a-bridge.json"));
  EXPECT_EQ(instance_->summary(),
            std::vector<std::string>{
                "bridge bridge connects to serveraddr.com:16823 for private.cloud.com"});
}

TEST_F(InstanceTest, TakesTheFirstOutboundForWhatNoRuleCovers) {
  start(R"({"inbounds": [)" + door("in", 80, "web.lan", 8080) + R"(],
            "outbounds": [{"protocol": "freedom"}, {"tag": "deny", "protocol": "blackhole"}]})");
  visit(80);
  EXPECT_EQ(dialled(), "tcp:web.lan:8080");
}

TEST_F(InstanceTest, ClosesWhatNoRuleCoversWithoutOutbounds) {
  const std::string config =
      R"({"inbounds": [)" + door("in", 80, "web.lan", 8080) +
      R"(], "reverse": {"portals": [{"tag": "portal", "domain": "a.test"}]})";
  start(config + "}");
  EXPECT_TRUE(visit(80).log.destroyed);
  start(config + R"(, "compat": {"portalAsDefault": true}})");
  EXPECT_FALSE(visit(80).log.destroyed)
      << "V2Ray's default: the portal, where the visitor is parked";
}

TEST_F(InstanceTest, GivesUdpItsOwnListener) {
  start(R"({"inbounds": [)" +
        door("in", 53, "dns.lan", 53, R"(, "network": "tcp,udp", "udpIdle": 20)") +
        R"(], "outbounds": [{"protocol": "freedom"}]})");
  ASSERT_NE(sockets_.listenerOn(53, Network::Udp), nullptr);
  EXPECT_EQ(sockets_.listenerOn(53, Network::Udp)->options.udpIdle, std::chrono::seconds(20));
  visit(53, Network::Udp);
  EXPECT_EQ(dialled(), "udp:dns.lan:53");
}

TEST_F(InstanceTest, OpensEveryPortOfARange) {
  start(
      R"({"inbounds": [{"tag": "in", "port": "8000-8003", "listen": "127.0.0.1", "protocol": "dokodemo-door",
             "settings": {"address": "web.lan", "port": 80}}], "outbounds": [{"protocol": "freedom"}]})");
  EXPECT_EQ(sockets_.listeners.size(), 4u);
  EXPECT_EQ(sockets_.listenerOn(8003)->options.addresses, std::vector<Ip>{Ip::loopback4()});
  EXPECT_EQ(instance_->listening().size(), 4u);
}

TEST_F(InstanceTest, StartsWithAllItsPortsOrNotAtAll) {
  sockets_.unbindable[81] = std::errc::address_in_use;
  sockets_.unbindable[82] = std::errc::permission_denied;
  config::Problems problems;
  Instance instance(
      model(R"({"inbounds": [)" + door("a", 80, "x", 1) + "," + door("b", 81, "x", 1) + "," +
            door("c", 82, "x", 1) + R"(], "outbounds": [{"protocol": "freedom"}]})"),
      core_, problems);
  ASSERT_EQ(problems.errors(), 0u);
  try {
    instance.start();
    FAIL() << "it started";
  } catch (const StartError& error) {
    EXPECT_EQ(error.problems.errors(), 2u);
    const std::string text = error.what();
    EXPECT_NE(text.find("test.json:1:"), std::string::npos) << text;
    EXPECT_NE(text.find("cannot listen on 81/tcp"), std::string::npos) << text;
    EXPECT_NE(text.find("CAP_NET_BIND_SERVICE"), std::string::npos) << text;
  }
  EXPECT_EQ(sockets_.listenerOn(80), nullptr);
}

TEST_F(InstanceTest, NeverDialsItsOwnPorts_REACH_3) {
  start(R"({"inbounds": [)" + door("in", 80, "web.lan", 80) +
        R"(], "outbounds": [{"protocol": "freedom"}]})");
  visit(80);
  const auto& judge = sockets_.lastDial().options.judge;
  EXPECT_EQ(judge({Ip::loopback4(), 80}), make_error_code(Errc::Refused));
  EXPECT_FALSE(judge({Ip::loopback4(), 81}));
}

TEST_F(InstanceTest, ReportsAProtocolNobodyKnows) {
  const std::string text =
      problemsOf(R"({"inbounds": [{"tag": "in", "port": 80, "protocol": "vmes"}],
                                          "outbounds": [{"protocol": "freedm"}]})");
  EXPECT_NE(text.find("inbounds[0] (in).protocol: expected one of"), std::string::npos) << text;
  EXPECT_NE(text.find("did you mean \"vmess\"?"), std::string::npos) << text;
  EXPECT_NE(text.find("did you mean \"freedom\"?"), std::string::npos) << text;
}

TEST_F(InstanceTest, SaysWhatIsNotInThisVersion) {
  const std::string text =
      problemsOf(R"({"inbounds": [{"tag": "in", "port": 80, "protocol": "socks"}],
                                          "outbounds": [{"protocol": "freedom"}]})");
  EXPECT_NE(text.find("\"socks\": not in this version"), std::string::npos) << text;
}

TEST_F(InstanceTest, ReportsEverySettingThatIsWrong) {
  const std::string text = problemsOf(R"({"inbounds": [)" + door("in", 80, "x", 0) + R"(],
      "outbounds": [{"tag": "out", "protocol": "freedom", "settings": {"redirect": "nowhere"}}],
      "routing": {"rules": [{"type": "field", "port": "2-1", "inboundTag": ["in"], "outboundTag": "out"}]}})");
  EXPECT_NE(text.find("port"), std::string::npos) << text;
  EXPECT_NE(text.find("redirect"), std::string::npos) << text;
  EXPECT_NE(text.find("reversed"), std::string::npos) << text;
}

TEST_F(InstanceTest, BuildsWithoutTouchingTheWorld) {
  EXPECT_EQ(problemsOf(seed("node-b-portal.json")).find("error"), std::string::npos);
  EXPECT_TRUE(sockets_.listeners.empty());
  EXPECT_TRUE(sockets_.dials.empty());
}

TEST_F(InstanceTest, ServesOnlyTheServicesOfAFriendlyBridge_REACH_1) {
  const char* const yaml = R"(version: 1
bridge:
  server: vps.example.com:16823
  id: 0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f
  services:
    web: 127.0.0.1:80
    range: 127.0.0.1:6000-6002
    dns: udp://10.0.0.1:53
)";
  start(yaml, "config.yaml");
  EXPECT_EQ(
      reachTable(instance_->model(), instance_->plan()),
      std::vector<std::string>{"bridge \"bridge\": the portal can reach: tcp 127.0.0.1:80, tcp "
                               "127.0.0.1:6000-6002, udp 10.0.0.1:53. Nothing else."});
  sockets_.dials.clear();

  const auto ask = [&](const Destination& target) {
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = "bridge";
    info->protocol = "bridge";
    proxy::Session session;
    session.inbound = info;
    session.target = target;
    Visitor& visitor = visitors_.emplace_back();
    core_.dispatcher.dispatch(session, std::make_unique<test::FakeStream>(loop_, visitor.log),
                              loop_);
    loop_.run();
    if (visitor.log.destroyed) return std::string("closed");
    const std::string target_ = toString(sockets_.lastDial().target);
    return target_;
  };
  const auto named = [](const char* name, std::uint16_t port, Network network = Network::Tcp) {
    return Destination{network, std::string(name) + ".default.bridge.culvert.internal", port};
  };
  const auto at = [](const char* ip, std::uint16_t port) {
    return Destination{Network::Tcp, Ip::parse(ip).value(), port};
  };
  EXPECT_EQ(ask(named("web", 4711)), "tcp:127.0.0.1:80");
  EXPECT_EQ(ask(named("range", 6001)), "tcp:127.0.0.1:6001");
  EXPECT_EQ(ask(named("dns", 53, Network::Udp)), "udp:10.0.0.1:53");
  EXPECT_EQ(ask(at("127.0.0.1", 80)), "tcp:127.0.0.1:80")
      << "a service may also be asked for by its address";
  EXPECT_EQ(ask(named("range", 6003)), "closed");
  EXPECT_EQ(ask(named("dns", 53)), "closed");
  EXPECT_EQ(ask(named("web2", 80)), "closed");
  EXPECT_EQ(ask(at("127.0.0.1", 81)), "closed");
  EXPECT_EQ(ask(at("192.168.1.1", 80)), "closed");
  EXPECT_EQ(ask({Network::Tcp, std::string("example.com"), 80}), "closed");
}

}  // namespace
}  // namespace culvert::app

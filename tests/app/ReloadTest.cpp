#include "app/InstanceBench.h"

namespace culvert::app {
namespace {

class ReloadTest : public InstanceBench {
 protected:
  static std::string config(const std::string& inbounds, const std::string& outbounds = kOut,
                            const std::string& rules = "") {
    return R"({"inbounds": [)" + inbounds + R"(], "outbounds": [)" + outbounds +
           R"(], "routing": {"rules": [)" + rules + "]}}";
  }
  static constexpr const char* kOut = R"({"tag": "out", "protocol": "freedom"})";

  /// A visitor of `port`, joined to its target.
  struct Pair {
    Visitor *visitor, *target;
  };
  Pair flow(std::uint16_t port) {
    Visitor& visitor = visit(port);
    return {&visitor, &answer()};
  }
  void expectAlive(const Pair& pair) {
    const std::string before = pair.target->log.sent;
    pair.visitor->stream->inject("ping");
    EXPECT_EQ(pair.target->log.sent, before + "ping");
    EXPECT_FALSE(pair.visitor->log.destroyed);
  }
};

TEST_F(ReloadTest, LeavesAnUnchangedServiceAlone_F_RELOAD) {
  start(config(door("web", 80, "web.lan", 80)));
  const Pair before = flow(80);
  start(config(door("web", 80, "web.lan", 80) + "," + door("ssh", 22, "ssh.lan", 22)));
  expectAlive(before);
  EXPECT_EQ(sockets_.listeners.size(), 2u) << "port 80 was not opened again";
  const Pair after = flow(80);
  expectAlive(after);
  expectAlive(flow(22));
  loop_.advance(std::chrono::seconds(5));
  expectAlive(before);
}

TEST_F(ReloadTest, EndsTheStreamsOfARemovedService_F_RELOAD) {
  start(config(door("web", 80, "web.lan", 80) + "," + door("ssh", 22, "ssh.lan", 22)));
  const Pair web = flow(80), ssh = flow(22);
  start(config(door("web", 80, "web.lan", 80)));
  loop_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(ssh.visitor->log.destroyed);
  EXPECT_FALSE(ssh.visitor->log.ended) << "a reset, no clean end";
  EXPECT_TRUE(ssh.target->log.destroyed);
  EXPECT_EQ(sockets_.listenerOn(22), nullptr);
  expectAlive(web);
}

TEST_F(ReloadTest, EndsTheStreamsOfARemovedOutbound_F_RELOAD) {
  const std::string inbounds =
      door("web", 80, "web.lan", 80) + "," + door("ssh", 22, "ssh.lan", 22);
  const std::string outbounds = std::string(kOut) + R"(, {"tag": "svc", "protocol": "freedom"})";
  const std::string rule = R"({"type": "field", "inboundTag": ["ssh"], "outboundTag": "svc"})";
  start(config(inbounds, outbounds, rule));
  const Pair web = flow(80), ssh = flow(22);
  start(config(inbounds));
  loop_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(ssh.visitor->log.destroyed);
  expectAlive(web);
  expectAlive(flow(22));
}

TEST_F(ReloadTest, SendsNewFlowsWhereAChangedServiceLeads) {
  start(config(door("web", 80, "old.lan", 80)));
  const Pair before = flow(80);
  start(config(door("web", 80, "new.lan", 8080)));
  EXPECT_EQ(sockets_.listeners.size(), 1u) << "the port was handed over";
  visit(80);
  EXPECT_EQ(toString(sockets_.lastDial().target), "tcp:new.lan:8080");
  expectAlive(before);
}

TEST_F(ReloadTest, SendsNewFlowsByChangedRules) {
  const std::string outbounds = std::string(kOut) + R"(, {"tag": "deny", "protocol": "blackhole"})";
  start(config(door("web", 80, "web.lan", 80), outbounds));
  const Pair before = flow(80);
  start(config(door("web", 80, "web.lan", 80), outbounds,
               R"({"type": "field", "inboundTag": ["web"], "outboundTag": "deny"})"));
  EXPECT_TRUE(visit(80).log.destroyed);
  expectAlive(before);
}

TEST_F(ReloadTest, KeepsTheOldConfigurationWhenAPortCannotBeHad_CFG_5) {
  start(config(door("web", 80, "web.lan", 80)));
  const Pair before = flow(80);
  sockets_.unbindable[22] = std::errc::address_in_use;

  config::Problems problems;
  auto next = std::make_unique<Instance>(
      model(config(door("web", 80, "other.lan", 80) + "," + door("ssh", 22, "ssh.lan", 22))), core_,
      problems, instance_.get());
  EXPECT_THROW(next->start(), StartError);
  next.reset();
  loop_.advance(std::chrono::seconds(2));

  expectAlive(before);
  visit(80);
  EXPECT_EQ(toString(sockets_.lastDial().target), "tcp:web.lan:80");
}

TEST_F(ReloadTest, LeavesTheOldConfigurationAloneWhenTheNewOneHasErrors_CFG_5) {
  start(config(door("web", 80, "web.lan", 80)));
  const Pair before = flow(80);
  config::Problems problems;
  {
    const Instance wrong(model(config(door("web", 80, "web.lan", 0))), core_, problems,
                         instance_.get());
    EXPECT_EQ(problems.errors(), 1u);
  }
  loop_.run();
  expectAlive(before);
  expectAlive(flow(80));
}

TEST_F(ReloadTest, KeepsTheLinksOfABridgeWhenAServiceComes_F_RELOAD) {
  const std::string head = R"(version: 1
bridge:
  server: vps.example.com:16823
  id: 0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f
  services:
    web: 127.0.0.1:80
)";
  start(head, "config.yaml");
  const std::size_t dials = sockets_.dials.size();
  ASSERT_GT(dials, 0u);
  start(head + "    ssh: 127.0.0.1:22\n", "config.yaml");
  EXPECT_EQ(sockets_.dials.size(), dials);
  for (const auto& dial : sockets_.dials) EXPECT_TRUE(dial->open);
}

TEST_F(ReloadTest, StopsDiallingForARemovedBridge) {
  const std::string both = R"({"reverse": {"bridges": [{"tag": "bridge", "domain": "a.test"}]},
      "outbounds": [{"tag": "tunnel", "protocol": "vmess", "settings": {"vnext": [{"address": "vps.test",
        "port": 443, "users": [{"id": "0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f"}]}]}}],
      "routing": {"rules": [{"type": "field", "inboundTag": ["bridge"], "outboundTag": "tunnel"}]}})";
  start(both);
  ASSERT_FALSE(sockets_.dials.empty());
  start(config(door("web", 80, "web.lan", 80)));
  loop_.advance(std::chrono::seconds(2));
  const std::size_t dials = sockets_.dials.size();
  for (const auto& dial : sockets_.dials) EXPECT_FALSE(dial->open);
  loop_.advance(std::chrono::seconds(30));
  EXPECT_EQ(sockets_.dials.size(), dials);
}

TEST_F(ReloadTest, ForgetsWhatIsGoneAfterAMoment_KEY_6) {
  start(config(door("web", 80, "web.lan", 80)));
  flow(80);
  EXPECT_EQ(core_.dispatcher.owners().size(), 1u);
  for (int i = 0; i < 20; ++i) {
    start(config(door("ssh", 22, "ssh.lan", 22)));
    flow(22);
    start(config(door("web", 80, "web.lan", 80)));
    flow(80);
  }
  loop_.advance(std::chrono::seconds(3));
  EXPECT_EQ(core_.dispatcher.owners().size(), 1u);
  EXPECT_EQ(loop_.rootCount(), 1u) << "the last flow's relay, and nothing left of the others";
}

}  // namespace
}  // namespace culvert::app

#include "app/Notices.h"

#include <gtest/gtest.h>

namespace culvert::app {
namespace {

config::Model yaml(const std::string& text) {
  config::Loaded loaded = config::loadText("config.yaml", text);
  EXPECT_EQ(loaded.problems.errors(), 0u) << loaded.problems.text();
  return std::move(loaded.model);
}

proxy::Session session(const char* tag, const Destination& target, bool authenticates = false,
                       const char* user = "") {
  auto info = std::make_shared<proxy::InboundInfo>();
  info->tag = tag;
  info->authenticates = authenticates;
  proxy::Session made;
  made.inbound = info;
  made.target = target;
  made.user = user;
  return made;
}

constexpr const char* kBridge = R"(version: 1
bridge:
  server: vps.example.com:16823
  id: 0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f
  services:
    web: 127.0.0.1:80
    ssh: 127.0.0.1:22
    wg: 127.0.0.1:51820
    range: 127.0.0.1:6000-6002
)";

constexpr const char* kPortal = R"(version: 1
portal:
  listen: 16823
  bridges:
    nas1: {id: 0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f}
  publish:
    - {listen: 8080, to: nas1/web}
)";

Destination named(const char* name, std::uint16_t port, Network network = Network::Tcp) {
  return {network, std::string(name) + ".default.bridge.culvert.internal", port};
}

TEST(Notices, NameTheServiceThatWasMeant) {
  const Notices notices(yaml(kBridge));
  EXPECT_EQ(notices.lineFor(session("bridge", named("wbe", 80))),
            "portal asked for service \"wbe\" which is not offered here (offered: web, ssh, wg, "
            "range); did the "
            "portal mean \"web\"?");
  EXPECT_EQ(notices.lineFor(session("bridge", named("printer", 80))),
            "portal asked for service \"printer\" which is not offered here (offered: web, ssh, "
            "wg, range)");
}

TEST(Notices, NameTheNetworkAndThePortsOfAService) {
  const Notices notices(yaml(kBridge));
  EXPECT_EQ(notices.lineFor(session("bridge", named("wg", 51820, Network::Udp))),
            "service \"wg\" is tcp here but was asked for over udp; write udp://127.0.0.1:51820");
  EXPECT_EQ(
      notices.lineFor(session("bridge", named("range", 16000))),
      "service \"range\" has ports 6000-6002, asked for 16000; set to_port: 6000 at the portal");
  EXPECT_EQ(notices.lineFor(session("bridge", named("web", 81))).find("portal asked for service"),
            std::string::npos)
      << "a single port takes whatever is asked for";
}

TEST(Notices, ShowTheLineThatWouldOfferAnAddress_REACH_8) {
  const Notices notices(yaml(kBridge));
  const std::string line =
      notices.lineFor(session("bridge", {Network::Tcp, Ip::parse("192.168.1.7").value(), 22}));
  EXPECT_NE(line.find("tcp:192.168.1.7:22"), std::string::npos) << line;
  EXPECT_NE(line.find("new: tcp://192.168.1.7:22"), std::string::npos) << line;
}

TEST(Notices, TellAPortalWhatItsBridgeShouldBeCalled) {
  const Notices notices(yaml(kPortal));
  const Destination wrong{Network::Tcp, std::string("default.bridge.culvert.internal"), 0};
  EXPECT_EQ(notices.lineFor(session("tunnel", wrong, true, "nas1")),
            "id of \"nas1\" asked to register \"default.bridge.culvert.internal\": set "
            "bridge.name: nas1 on the NAS");
  EXPECT_EQ(notices.lineFor(session("external", wrong)), "") << "a visitor registers nothing";
  EXPECT_EQ(notices.lineFor(
                session("tunnel", {Network::Tcp, std::string("example.com"), 80}, true, "nas1")),
            "");
}

TEST(Notices, KeepQuietAboutJson) {
  config::Loaded loaded = config::loadText(
      "a.json", R"({"reverse": {"bridges": [{"tag": "bridge", "domain": "a.test"}]},
                    "outbounds": [{"tag": "deny", "protocol": "blackhole"}]})");
  const Notices notices(loaded.model);
  EXPECT_EQ(notices.lineFor(session("bridge", {Network::Tcp, std::string("x.a.test"), 80})), "");
}

}  // namespace
}  // namespace culvert::app

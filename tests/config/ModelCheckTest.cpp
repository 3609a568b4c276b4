#include "config/ConfigText.h"
#include "config/ModelCheck.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

std::string check(const std::string& text) {
  return heads(loadText("f.json", text).problems);
}

TEST(ModelCheck, RefusesATagTwice_CFG_3) {
  EXPECT_EQ(check(R"({"inbounds": [{"tag": "a", "port": 1, "protocol": "vmess"},
{"tag": "a", "port": 2, "protocol": "vmess"}]})"),
            "2:9: error: inbounds[1] (a).tag: tag \"a\" is already used by inbounds[0] (a), line "
            "1\n1:23: note: first "
            "here, line 1\n");
  EXPECT_EQ(
      check(
          R"({"inbounds": [{"port": 1, "protocol": "vmess"}], "outbounds": [{"tag": "a", "protocol": "vmess"},
{"tag": "a", "protocol": "vmess"}]})"),
      "2:9: error: outbounds[1] (a).tag: tag \"a\" is already used by outbounds[0] (a), line "
      "1\n1:72: note: first "
      "here, line 1\n");
}

TEST(ModelCheck, RefusesAPortalsTagThatIsAnOutbounds) {
  EXPECT_EQ(
      check(
          R"({"inbounds": [{"port": 1, "protocol": "vmess"}], "outbounds": [{"tag": "p", "protocol": "vmess"}],
"reverse": {"portals": [{"tag": "p", "domain": "a.b"}, {"tag": "q", "domain": "a.c"}]}})"),
      "2:33: error: reverse.portals[0] (p).tag: tag \"p\" is already used by outbounds[0] (p), "
      "line 1\n1:72: note: "
      "first here, line 1\n");
}

TEST(ModelCheck, RefusesTwoPortalsWithOneTag) {
  EXPECT_EQ(check(R"({"inbounds": [{"port": 1, "protocol": "vmess"}],
"reverse": {"portals": [{"tag": "p", "domain": "a.b"}, {"tag": "p", "domain": "a.c"}]}})"),
            "2:64: error: reverse.portals[1] (p).tag: tag \"p\" is already used by "
            "reverse.portals[0] (p), line 2\n2:33: "
            "note: first here, line 2\n");
}

TEST(ModelCheck, LetsInboundsAndOutboundsHaveOneName) {
  EXPECT_EQ(check(R"({"inbounds": [{"tag": "tunnel", "port": 1, "protocol": "vmess"}],
"outbounds": [{"tag": "tunnel", "protocol": "vmess"}]})"),
            "");
}

std::string two(const std::string& first, const std::string& second) {
  return check("{\"inbounds\": [{\"protocol\": \"dokodemo-door\"," + first +
               "},\n{\"protocol\": \"dokodemo-door\"," + second + "}]}");
}

TEST(ModelCheck, RefusesAPortTwice_CFG_3) {
  EXPECT_EQ(two("\"port\": 80", "\"port\": 80"),
            "2:38: error: inbounds[1].port: port 80/tcp is already used by inbounds[0], line "
            "1\n1:52: note: first here, "
            "line 1\n");
  EXPECT_EQ(two("\"port\": \"80-90\"", "\"port\": \"85-95\"").substr(0, 62),
            "2:38: error: inbounds[1].port: port 85/tcp is already used by ");
  EXPECT_NE(two("\"port\": 80", "\"port\": 80, \"listen\": \"127.0.0.1\""), "");
  EXPECT_NE(two("\"port\": 80, \"listen\": \"0.0.0.0\"", "\"port\": 80, \"listen\": \"127.0.0.1\""),
            "");
  EXPECT_NE(two("\"port\": 80, \"settings\": {\"network\": \"udp\"}",
                "\"port\": 80, \"settings\": {\"network\": [\"tcp\", \"udp\"]}"),
            "");
}

TEST(ModelCheck, LetsPortsDifferByAddressOrNetwork) {
  EXPECT_EQ(two("\"port\": 80", "\"port\": 81"), "");
  EXPECT_EQ(
      two("\"port\": 80, \"listen\": \"127.0.0.1\"", "\"port\": 80, \"listen\": \"127.0.0.2\""),
      "");
  EXPECT_EQ(two("\"port\": 80, \"listen\": \"0.0.0.0\"", "\"port\": 80, \"listen\": \"::1\""), "");
  EXPECT_EQ(two("\"port\": 80", "\"port\": 80, \"settings\": {\"network\": \"udp\"}"), "");
}

TEST(ModelCheck, HoldsTheNumberOfPorts_LIM_17) {
  EXPECT_EQ(two("\"port\": \"1-1000\"", "\"port\": \"1001-1024\""), "");
  EXPECT_EQ(two("\"port\": \"1-1000\"", "\"port\": \"1001-1025\""),
            "2:38: error: inbounds[1].port: more than 1024 ports to listen on\n");
}

std::string bridge(const std::string& rules, const std::string& settings) {
  return check(
      R"({"reverse": {"bridges": [{"tag": "b", "domain": "a.b"}]}, "outbounds": [{"tag": "t", "protocol": "vmess"},
{"tag": "o", "protocol": "freedom", "settings": )" +
      settings + "}], \"routing\": {\"rules\": [" + rules + "]}}");
}
constexpr const char* kToTunnel =
    R"({"type": "field", "inboundTag": ["b"], "domain": ["full:a.b"], "outboundTag": "t"})";
constexpr const char* kToOut = R"(, {"type": "field", "inboundTag": ["b"], "outboundTag": "o"})";
constexpr const char* kReach =
    "2:1: warning: outbounds[1] (o): whoever holds the portal of bridge \"b\" can reach everything "
    "that this machine "
    "can\n";

TEST(ModelCheck, WarnsOfABridgeThatReachesEverything_REACH_2) {
  EXPECT_EQ(bridge(std::string(kToTunnel) + kToOut, "{}"), kReach);
  EXPECT_EQ(bridge(std::string(kToTunnel) + kToOut, R"({"redirect": ":80"})"), kReach);
  EXPECT_EQ(bridge(std::string(kToTunnel) + kToOut, R"({"redirect": "127.0.0.1:80"})"), "");
  EXPECT_EQ(bridge(std::string(kToTunnel) + kToOut, R"({"reach": ["tcp:127.0.0.1:80"]})"), "");
  EXPECT_EQ(bridge(kToTunnel, "{}"), "");  // the rest falls to the tunnel
}

std::string portal(const std::string& clients, const std::string& conditions) {
  return check(
      R"({"reverse": {"portals": [{"tag": "p", "domain": "a.b"}]}, "inbounds": [{"tag": "t", "port": 1,
"protocol": "vmess", "settings": {"clients": )" +
      clients + "}}], \"routing\": {\"rules\": [\n{\"type\": \"field\", \"inboundTag\": [\"t\"]" +
      conditions + ", \"outboundTag\": \"p\"}]}}");
}

TEST(ModelCheck, WarnsOfARuleThatSendsMoreThanRegistrations) {
  EXPECT_EQ(portal("[{}]", ""),
            "3:1: warning: routing.rules[0]: everything that clients of inbound \"t\" ask for goes "
            "through this portal, "
            "not only registrations\n");
  EXPECT_EQ(portal("[{}]", R"(, "domain": ["full:a.b"])"), "");
}

TEST(ModelCheck, WarnsOfUsersThatNothingBinds_PORT_2) {
  EXPECT_EQ(portal("[{}, {}]", R"(, "domain": ["full:a.b"])"),
            "3:1: warning: routing.rules[0]: every user of inbound \"t\" may register as a bridge "
            "of this portal\n");
  EXPECT_EQ(portal("[{}, {}]", R"(, "domain": ["full:a.b"], "user": ["nas1"])"), "");
}

}  // namespace
}  // namespace culvert::config

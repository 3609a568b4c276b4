// Whole instances on the loopback: bytes through the program's own sockets.
#include "app/LoopbackPeers.h"
#include "app/Program.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::app {
namespace {

constexpr const char* kId = "0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f";

std::string port(int number) {
  return std::to_string(number);
}

class LoopbackTest : public testing::TestWithParam<std::size_t> {
 protected:
  Program program_{GetParam()};
  EchoServer echo_;
};
INSTANTIATE_TEST_SUITE_P(Threads, LoopbackTest, testing::Values(1, 3));

TEST_P(LoopbackTest, CarriesAVisitorThroughDoorAndFreedom) {
  const int in = freePort();
  program_.run(R"({"inbounds": [{"tag": "in", "listen": "127.0.0.1", "port": )" + port(in) +
               R"(, "protocol": "dokodemo-door", "settings": {"address": "127.0.0.1", "port": )" +
               port(echo_.port()) + R"(}}], "outbounds": [{"protocol": "freedom"}]})");
  Client visitor(in);
  const std::string payload = pattern(3 * 1024 * 1024);
  EXPECT_EQ(visitor.exchange(payload), payload);
}

TEST_P(LoopbackTest, CarriesVmessFromOutboundToInbound) {
  const int in = freePort(), tunnel = freePort();
  for (const char* security : {"aes-128-gcm", "chacha20-poly1305", "none"}) {
    for (const char* mux : {"false", "true"}) {
      SCOPED_TRACE(std::string(security) + ", mux " + mux);
      program_.run(
          R"({"inbounds": [
          {"tag": "in", "listen": "127.0.0.1", "port": )" +
          port(in) +
          R"(, "protocol": "dokodemo-door", "settings": {"address": "127.0.0.1", "port": )" +
          port(echo_.port()) + R"(}},
          {"tag": "server", "listen": "127.0.0.1", "port": )" +
          port(tunnel) + R"(, "protocol": "vmess", "settings": {"clients": [{"id": ")" + kId +
          R"("}]}}],
        "outbounds": [{"tag": "direct", "protocol": "freedom"},
          {"tag": "client", "protocol": "vmess", "mux": {"enabled": )" +
          mux + R"(}, "settings": {"vnext": [
            {"address": "127.0.0.1", "port": )" +
          port(tunnel) + R"(, "users": [{"id": ")" + kId + R"(", "security": ")" + security +
          R"("}]}]}}],
        "routing": {"rules": [{"type": "field", "inboundTag": ["in"], "outboundTag": "client"}]}})");
      Client visitor(in);
      const std::string payload = pattern(1024 * 1024);
      EXPECT_EQ(visitor.exchange(payload), payload);
    }
  }
}

TEST_P(LoopbackTest, BringsAVisitorThroughPortalAndBridge) {
  const int in = freePort(), tunnel = freePort();
  Program portal(GetParam());
  portal.run("version: 1\nportal:\n  listen: 127.0.0.1:" + port(tunnel) + "\n  id: " + kId +
                 "\n  publish:\n    - {listen: \"127.0.0.1:" + port(in) + "\", to: web}\n",
             "portal.yaml");
  program_.run("version: 1\nbridge:\n  server: 127.0.0.1:" + port(tunnel) + "\n  id: " + kId +
                   "\n  services:\n    web: 127.0.0.1:" + port(echo_.port()) + "\n",
               "bridge.yaml");
  Client visitor(in);
  const std::string payload = pattern(2 * 1024 * 1024);
  EXPECT_EQ(visitor.exchange(payload), payload);
}

TEST_P(LoopbackTest, KeepsAStreamAcrossReloads_F_RELOAD) {
  const int web = freePort(), more = freePort();
  const auto config = [&](bool both) {
    std::string inbounds;
    for (const int each : {web, more}) {
      if (each == more && !both) continue;
      inbounds +=
          std::string(inbounds.empty() ? "" : ",") + R"({"tag": "in)" + port(each) +
          R"(", "listen": "127.0.0.1", "port": )" + port(each) +
          R"(, "protocol": "dokodemo-door", "settings": {"address": "127.0.0.1", "port": )" +
          port(echo_.port()) + "}}";
    }
    return R"({"inbounds": [)" + inbounds + R"(], "outbounds": [{"protocol": "freedom"}]})";
  };
  program_.run(config(false));
  Client stays(web);
  for (int i = 0; i < 20; ++i) {
    program_.run(config(i % 2 == 0));
    EXPECT_EQ(stays.exchange("still here"), "still here");
    Client newcomer(web);
    EXPECT_EQ(newcomer.exchange("new"), "new");
    if (i % 2 == 0) {
      Client other(more);
      EXPECT_EQ(other.exchange("too"), "too");
      program_.run(config(false));
      EXPECT_TRUE(other.isReset()) << "a removed service's stream is reset";
      program_.run(config(true));
    }
  }
}

TEST_P(LoopbackTest, ResetsAVisitorWhoseTargetRefusesAtOnce_F_ORDER) {
  const int in = freePort(), nobody = freePort();
  program_.run(R"({"inbounds": [{"listen": "127.0.0.1", "port": )" + port(in) +
               R"(, "protocol": "dokodemo-door", "settings": {"address": "127.0.0.1", "port": )" +
               port(nobody) + R"(}}], "outbounds": [{"protocol": "freedom"}]})");
  Client visitor(in);
  EXPECT_TRUE(visitor.isReset());
}

}  // namespace
}  // namespace culvert::app

#include "app/InstanceBench.h"
#include "app/ReachTable.h"

namespace culvert::app {
namespace {

class ReachTableTest : public InstanceBench {
 protected:
  /// The table's only line, without its beginning.
  std::string table(const std::string& outbounds, const std::string& rules) {
    config::Problems problems;
    const Instance instance(
        model(R"({"reverse": {"bridges": [{"tag": "b", "domain": "a.test"}]}, "outbounds": [)" +
              outbounds + R"(], "routing": {"rules": [)" + rules + "]}}"),
        core_, problems);
    EXPECT_EQ(problems.errors(), 0u) << problems.text();
    const auto lines = reachTable(instance.model(), instance.plan());
    if (lines.size() != 1) return std::to_string(lines.size()) + " lines";
    const std::string head = "bridge \"b\": the portal can reach: ";
    EXPECT_EQ(lines[0].substr(0, head.size()), head);
    return lines[0].substr(head.size());
  }
  static constexpr const char* kOutbounds = R"({"tag": "deny", "protocol": "blackhole"},
      {"tag": "out", "protocol": "freedom"}, {"tag": "web", "protocol": "freedom",
       "settings": {"redirect": "127.0.0.1:80"}}, {"tag": "range", "protocol": "freedom",
       "settings": {"redirect": "127.0.0.1:0"}}, {"tag": "some", "protocol": "freedom",
       "settings": {"reach": ["tcp:192.168.1.20:443", "udp:10.0.0.0/8:53"]}})";
};

TEST_F(ReachTableTest, SaysNothingElse_REACH_9) {
  EXPECT_EQ(table(kOutbounds, ""), "nothing.") << "the default is closed";
  EXPECT_EQ(table(kOutbounds, R"({"type": "field", "inboundTag": ["b"], "outboundTag": "web"})"),
            "tcp+udp 127.0.0.1:80. Nothing else.");
  EXPECT_EQ(
      table(kOutbounds,
            R"({"type": "field", "inboundTag": ["b"], "network": "tcp", "outboundTag": "web"})"),
      "tcp 127.0.0.1:80. Nothing else.");
  EXPECT_EQ(
      table(kOutbounds,
            R"({"type": "field", "network": "udp", "port": "6000-6002", "outboundTag": "range"})"),
      "udp 127.0.0.1:6000-6002. Nothing else.");
  EXPECT_EQ(table(kOutbounds, R"({"type": "field", "inboundTag": ["b"], "outboundTag": "some"})"),
            "tcp 192.168.1.20:443, udp 10.0.0.0/8:53. Nothing else.");
  EXPECT_EQ(
      table(kOutbounds, R"({"type": "field", "ip": ["192.168.1.7"], "port": 22, "network": "tcp",
                                  "outboundTag": "out"})"),
      "tcp 192.168.1.7:22. Nothing else.");
}

TEST_F(ReachTableTest, SaysWhenEverythingIsOpen_REACH_2) {
  EXPECT_EQ(table(kOutbounds, R"({"type": "field", "inboundTag": ["b"], "outboundTag": "out"})"),
            "any address that this machine reaches.");
  EXPECT_EQ(table(R"({"tag": "out", "protocol": "freedom"})", ""),
            "any address that this machine reaches.");
}

TEST_F(ReachTableTest, StopsAtTheRuleThatTakesEverything) {
  EXPECT_EQ(table(kOutbounds, R"({"type": "field", "inboundTag": ["b"], "outboundTag": "deny"},
                                 {"type": "field", "network": "tcp", "outboundTag": "out"})"),
            "nothing.");
  EXPECT_EQ(table(kOutbounds, R"({"type": "field", "inboundTag": ["other"], "outboundTag": "out"},
                                 {"type": "field", "domain": ["full:a.test"], "outboundTag": "out"})"),
            "nothing.");
}

}  // namespace
}  // namespace culvert::app

#include "proxy/freedom/Refusals.h"

#include <gtest/gtest.h>

namespace culvert::freedom {
namespace {

using namespace std::chrono_literals;

class RefusalsTest : public testing::Test {
 protected:
  std::string line(const Destination& target, Refusal why, Clock::duration at, bool listed = true) {
    return refusals_.lineFor(session_, target, why, listed, Clock::time_point(1h) + at);
  }
  static Destination tcp(const char* ip, std::uint16_t port) {
    return {Network::Tcp, Ip::parse(ip).value(), port};
  }

  RefusalsTest() {
    auto info = std::make_shared<proxy::InboundInfo>();
    info->tag = "bridge";
    session_.inbound = info;
  }
  proxy::Session session_;
  Refusals refusals_{"out"};
};

TEST_F(RefusalsTest, ShowTheExactLineToAdd_REACH_8) {
  EXPECT_EQ(line(tcp("192.168.1.7", 22), Refusal::NotListed, 0s),
            "refused tcp:192.168.1.7:22, asked for by \"bridge\": it is not in the reach list of "
            "outbound \"out\"; "
            "to allow it add \"tcp:192.168.1.7:22\" to its settings.reach");
  EXPECT_EQ(line(tcp("169.254.169.254", 80), Refusal::Special, 0s, false),
            "refused tcp:169.254.169.254:80, asked for by \"bridge\": it is an address nobody "
            "should reach unless "
            "it is named exactly; to allow it write settings.reach with \"tcp:169.254.169.254:80\" "
            "in outbound "
            "\"out\"");
}

TEST_F(RefusalsTest, AreToldOnceAMinutePerDestination_REACH_8) {
  EXPECT_NE(line(tcp("10.0.0.1", 22), Refusal::NotListed, 0s), "");
  EXPECT_EQ(line(tcp("10.0.0.1", 22), Refusal::NotListed, 1s), "");
  EXPECT_EQ(line(tcp("10.0.0.1", 22), Refusal::NotListed, 59s), "");
  EXPECT_NE(line(tcp("10.0.0.1", 23), Refusal::NotListed, 59s), "");
  const std::string again = line(tcp("10.0.0.1", 22), Refusal::NotListed, 60s);
  EXPECT_NE(again.find("(2 more in the last minute)"), std::string::npos) << again;
}

TEST_F(RefusalsTest, StayBoundedHoweverManyAreAskedFor_REACH_10) {
  std::size_t lines = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto port = static_cast<std::uint16_t>(1 + i);
    if (!line(tcp("10.0.0.1", port), Refusal::NotListed, 1ms * i).empty()) ++lines;
  }
  EXPECT_EQ(lines, Refusals::kMaxDestinations);
  EXPECT_NE(line(tcp("10.0.0.2", 1), Refusal::NotListed, 2min), "");
}

}  // namespace
}  // namespace culvert::freedom

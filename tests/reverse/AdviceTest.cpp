#include "reverse/Advice.h"

#include <gtest/gtest.h>

namespace culvert::reverse {
namespace {

using namespace std::chrono_literals;
const std::string kDomain = "nas1.bridge.culvert.internal";
const std::vector<Service> kServices = {
    {.name = "web", .address = "127.0.0.1:80"},
    {.name = "ssh", .address = "127.0.0.1:22"},
    {.name = "wg", .address = "127.0.0.1:51820"},
    {.name = "range", .firstPort = 6000, .lastPort = 6002, .address = "127.0.0.1:6000-6002"},
};

std::string advise(const std::string& name, std::uint16_t port = 80,
                   Network network = Network::Tcp) {
  return adviseOnService({network, name, port}, kDomain, kServices);
}

TEST(Advice, NamesTheServiceThatWasMeant) {
  EXPECT_EQ(advise("wbe." + kDomain),
            "portal asked for service \"wbe\" which is not offered here (offered: web, ssh, wg, "
            "range); did the "
            "portal mean \"web\"?");
  EXPECT_EQ(advise("printer." + kDomain),
            "portal asked for service \"printer\" which is not offered here (offered: web, ssh, "
            "wg, range)");
}

TEST(Advice, NamesTheOtherNetwork) {
  EXPECT_EQ(advise("wg." + kDomain, 51820, Network::Udp),
            "service \"wg\" is tcp here but was asked for over udp; write udp://127.0.0.1:51820");
}

TEST(Advice, NamesThePortsOfARange) {
  EXPECT_EQ(
      advise("range." + kDomain, 16000),
      "service \"range\" has ports 6000-6002, asked for 16000; set to_port: 6000 at the portal");
  EXPECT_EQ(advise("range." + kDomain, 6001), "");
}

TEST(Advice, SaysNothingAboutWhatIsServedOrIsNoService) {
  EXPECT_EQ(advise("WEB." + kDomain), "");
  EXPECT_EQ(advise("example.com"), "");
  EXPECT_EQ(adviseOnService({Network::Tcp, *Ip::parse("127.0.0.1"), 80}, kDomain, kServices), "");
}

TEST(Advice, SaysWhatARegistrationLacks) {
  EXPECT_EQ(adviseOnRegistration("nas1", "default.bridge.culvert.internal", {kDomain}),
            "id of \"nas1\" asked to register \"default.bridge.culvert.internal\": set "
            "bridge.name: nas1 on the NAS");
  EXPECT_EQ(adviseOnRegistration("", kDomain, {"default.bridge.culvert.internal"}),
            "a bridge asked for \"nas1.bridge.culvert.internal\" but this portal has no named "
            "bridges: remove "
            "bridge.name, or list it under portal.bridges");
  EXPECT_EQ(adviseOnRegistration("nas1", "private.cloud.com", {"private.cloud.com"}), "");
}

TEST(Advice, IsGivenOnceAMinute) {
  OncePerMinute once;
  const Clock::time_point now{1h};
  EXPECT_TRUE(once.admit("a", now));
  EXPECT_FALSE(once.admit("a", now + 59s));
  EXPECT_TRUE(once.admit("b", now + 59s));
  EXPECT_TRUE(once.admit("a", now + 60s));
  for (int i = 0; i < 5000; ++i) once.admit(std::to_string(i), now + 60s);
  EXPECT_FALSE(once.admit("one too many", now + 60s));
  EXPECT_TRUE(once.admit("later again", now + 3min));
}

}  // namespace
}  // namespace culvert::reverse

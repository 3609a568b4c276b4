#include "config/Suggest.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

TEST(Suggest, FindsTheNearestKey) {
  const std::vector<std::string> keys = {"bridge",   "portal",  "log",
                                         "timeouts", "threads", "advanced"};
  EXPECT_EQ(nearest("brigde", keys), "bridge");  // a swap counts one
  EXPECT_EQ(nearest("Bridge", keys), "bridge");  // letter case does not count
  EXPECT_EQ(nearest("time_out", keys), "timeouts");
  EXPECT_EQ(nearest("thread", keys), "threads");
  EXPECT_EQ(nearest("loq", keys), "log");
  EXPECT_EQ(nearest("gateway", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest(std::string(5000, 'x'), keys), "");
  EXPECT_EQ(nearest("alterId", {"alter_id", "id"}), "alter_id");
}

TEST(Suggest, SaysNothingWhenTwoAreEquallyNear) {
  EXPECT_EQ(nearest("nas3", {"nas1", "nas2"}), "");
  EXPECT_EQ(nearest("x", {"y", "z"}), "");
  EXPECT_EQ(nearest("nas1", {"nas1", "nas2"}), "nas1");
}

TEST(Suggest, WritesTheQuestion) {
  EXPECT_EQ(didYouMean("adress", {"address", "port"}), "; did you mean \"address\"?");
  EXPECT_EQ(didYouMean("zzz", {"address", "port"}), "");
}

TEST(Suggest, KnowsWhereAKeyBelongs) {
  const std::vector<KeyHome> homes = {{"publish", "portal:"}, {"services", "bridge:"}};
  EXPECT_EQ(belongsUnder("publish", homes),
            "\"publish\" belongs under portal:; check the indentation");
  EXPECT_EQ(belongsUnder("nothing", homes), "");
}

TEST(Suggest, KnowsTheKeysOfOtherPrograms) {
  for (const char* key :
       {"serverAddr", "server_addr",   "remote_addr", "connect_url", "token",      "secret",
        "uuid",       "authtoken",     "proxies",     "tunnels",     "endpoints",  "ingress",
        "localIP",    "localPort",     "local_addr",  "upstream",    "remotePort", "bind_addr",
        "bindPort",   "customDomains", "hostname",    "inbounds",    "outbounds",  "routing",
        "reverse",    "alterId",       "alterID"}) {
    EXPECT_NE(foreignKey(key), "") << key;
  }
  EXPECT_EQ(foreignKey("key"), "");
  EXPECT_NE(foreignKey("key", true), "");
  EXPECT_EQ(foreignKey("server"), "");
}

}  // namespace
}  // namespace culvert::config

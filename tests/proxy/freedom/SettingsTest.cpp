#include "proxy/freedom/Settings.h"
#include "support/FakeProxy.h"

#include <gtest/gtest.h>

namespace culvert::freedom {
namespace {

Destination tcp(const char* host, std::uint16_t port) {
  return {Network::Tcp, parseHost(host), port};
}

TEST(FreedomSettings, RedirectsHostAndPortOrKeepsThem) {
  const auto redirected = [](const char* text) {
    return toString(parseRedirect(text).value().apply(tcp("example.com", 443)));
  };
  EXPECT_EQ(redirected("127.0.0.1:80"), "tcp:127.0.0.1:80");
  EXPECT_EQ(redirected("nas.lan:80"), "tcp:nas.lan:80");
  EXPECT_EQ(redirected("[::1]:80"), "tcp:[::1]:80");
  EXPECT_EQ(redirected(":80"), "tcp:example.com:80");
  EXPECT_EQ(redirected("127.0.0.1:0"), "tcp:127.0.0.1:443");
  EXPECT_EQ(redirected("0.0.0.0:80"), "tcp:example.com:80");
  EXPECT_EQ(redirected("[::]:80"), "tcp:example.com:80");
  EXPECT_EQ(redirected(":0"), "tcp:example.com:443");
}

TEST(FreedomSettings, RefusesARedirectWithoutAPort) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000",
                           "::1:80", "a b:80", "http://a:80"}) {
    EXPECT_FALSE(parseRedirect(text).ok()) << text;
  }
}

TEST(FreedomSettings, ReadsStrategiesInEverySpelling) {
  for (const char* word : {"AsIs", "asis", "as_is", "UseIP", "use_ip", "use-ip", "ForceIP"}) {
    EXPECT_EQ(parseStrategy(word), Families::Any) << word;
  }
  for (const char* word : {"UseIPv4", "useip4", "use_ip_v4", "use-ipv4", "ForceIPv4"}) {
    EXPECT_EQ(parseStrategy(word), Families::V4) << word;
  }
  EXPECT_EQ(parseStrategy("UseIPv6"), Families::V6);
  EXPECT_EQ(parseStrategy("UseIPv4v6"), Families::V4First);
  EXPECT_EQ(parseStrategy("UseIPv6v4"), Families::V6First);
  EXPECT_EQ(parseStrategy("UseIPv5"), std::nullopt);
  EXPECT_EQ(parseStrategy(""), std::nullopt);
}

TEST(FreedomSettings, TellsWhatIsWrongAtItsPlace) {
  struct Case {
    const char* json;
    const char* path;
  };
  for (const Case& row : {Case{R"({"domainStrategy": "UseIPv5"})", "domainStrategy"},
                          Case{R"({"redirect": "127.0.0.1"})", "redirect"},
                          Case{R"({"reach": ["tcp:1.2.3.4:80", "1.2.3.4"]})", "reach[1]"},
                          Case{R"({"proxyProtocol": 1})", "proxyProtocol"}}) {
    config::Problems problems;
    EXPECT_FALSE(readOptions(test::settingsOf(row.json), problems).has_value()) << row.json;
    ASSERT_EQ(problems.errors(), 1u) << problems.text();
    EXPECT_EQ(problems.all().front().path, row.path);
  }
}

TEST(FreedomSettings, AreAllOptional) {
  config::Problems problems;
  const auto options = readOptions(test::settingsOf("{}"), problems);
  ASSERT_TRUE(options.has_value());
  EXPECT_FALSE(options->reach.has_value());
  EXPECT_FALSE(options->redirect.has_value());
  EXPECT_TRUE(readOptions({}, problems).has_value());
  EXPECT_EQ(problems.all().size(), 0u) << problems.text();
}

TEST(FreedomSettings, TakeAnEmptyReachListForNothing) {
  config::Problems problems;
  const auto options = readOptions(test::settingsOf(R"({"reach": []})"), problems);
  ASSERT_TRUE(options && options->reach);
  EXPECT_TRUE(options->reach->empty());
}

}  // namespace
}  // namespace culvert::freedom

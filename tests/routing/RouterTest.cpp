#include "routing/Router.h"
#include "routing/RuleText.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::routing {
namespace {

constexpr Verdict kNoRule{Verdict::Kind::NoRule, -1};
constexpr Verdict kNeedsAddresses{Verdict::Kind::NeedsAddresses, -1};
constexpr Verdict ruleNumber(int index) {
  return {Verdict::Kind::Rule, index};
}

/// A router, and questions to it as texts.
class Routes {
 public:
  explicit Routes(config::Model model) : router_(model, GeoFiles(), problems_) {}
  Routes(const std::string& rules, const std::string& strategy = "AsIs")
      : Routes(modelOf(rules, strategy)) {}

  Verdict to(const std::string& session) const { return router_.judge(sessionOf(session)); }
  Verdict to(const std::string& session, const std::vector<std::string>& addresses) const {
    std::vector<Ip> ips;
    for (const std::string& text : addresses) ips.push_back(Ip::parse(text).value());
    return router_.judge(sessionOf(session), &ips);
  }
  const config::Problems& problems() const { return problems_; }
  const Router& router() const { return router_; }

 private:
  config::Problems problems_;
  Router router_;
};

TEST(Router, TakesTheFirstRuleThatMatches) {
  const Routes routes(R"([{"port": 1, "outboundTag": "a"}, {"network": "tcp", "outboundTag": "b"},
                          {"port": 2, "outboundTag": "c"}])");
  EXPECT_EQ(routes.to("tcp:a.test:1"), ruleNumber(0));
  EXPECT_EQ(routes.to("tcp:a.test:2"), ruleNumber(1));
  EXPECT_EQ(routes.to("udp:a.test:2"), ruleNumber(2));
  EXPECT_EQ(routes.to("udp:a.test:3"), kNoRule);
  EXPECT_EQ(routes.router().rule(1).outboundTag(), "b");
}

TEST(Router, KnowsTheTwoRulesOfABridge) {
  const Routes routes(R"([
    {"type": "field", "inboundTag": ["bridge"], "domain": ["full:private.cloud.com"], "outboundTag": "tunnel"},
    {"type": "field", "inboundTag": ["bridge"], "outboundTag": "out"}])");
  EXPECT_EQ(routes.to("in=bridge link tcp:private.cloud.com:0"), ruleNumber(0));
  EXPECT_EQ(routes.to("in=bridge tcp:127.0.0.1:80"), ruleNumber(1));
  EXPECT_EQ(routes.to("in=other tcp:127.0.0.1:80"), kNoRule);
}

TEST(Router, KnowsTheTwoRulesOfAPortal) {
  const Routes routes(R"([
    {"type": "field", "inboundTag": ["external"], "outboundTag": "portal"},
    {"type": "field", "inboundTag": ["tunnel"], "domain": ["full:private.cloud.com"], "outboundTag": "portal"}])");
  EXPECT_EQ(routes.to("in=external from=1.2.3.4:5 tcp:127.0.0.1:80"), ruleNumber(0));
  EXPECT_EQ(routes.to("in=tunnel from=1.2.3.4:5 tcp:private.cloud.com:0"), ruleNumber(1));
  EXPECT_EQ(routes.to("in=tunnel from=1.2.3.4:5 tcp:example.com:80"), kNoRule);
}

constexpr const char* kByAddress = R"([
  {"domain": ["full:direct.test"], "outboundTag": "a"},
  {"ip": ["10.0.0.0/8"], "outboundTag": "b"},
  {"domain": ["full:late.test"], "outboundTag": "c"}])";

TEST(Router, NeverLooksUpNamesAsIs) {
  const Routes routes(kByAddress);
  EXPECT_EQ(routes.to("tcp:nas.test:80"), kNoRule);
  EXPECT_EQ(routes.to("tcp:late.test:80"), ruleNumber(2));
  EXPECT_EQ(routes.to("tcp:10.0.0.1:80"), ruleNumber(1));
}

TEST(Router, LooksUpWhenNothingMatchedIfNonMatch) {
  const Routes routes(kByAddress, "IPIfNonMatch");
  EXPECT_EQ(routes.to("tcp:direct.test:80"), ruleNumber(0));
  EXPECT_EQ(routes.to("tcp:late.test:80"), ruleNumber(2));
  EXPECT_EQ(routes.to("tcp:nas.test:80"), kNeedsAddresses);
  EXPECT_EQ(routes.to("tcp:nas.test:80", {"10.1.1.1"}), ruleNumber(1));
  EXPECT_EQ(routes.to("tcp:nas.test:80", {"8.8.8.8"}), kNoRule);
  EXPECT_EQ(routes.to("tcp:nas.test:80", {}), kNoRule);
  EXPECT_EQ(routes.to("tcp:8.8.8.8:80"), kNoRule);
}

TEST(Router, LooksUpAtTheFirstIpConditionOnDemand) {
  const Routes routes(kByAddress, "IPOnDemand");
  EXPECT_EQ(routes.to("tcp:direct.test:80"), ruleNumber(0));
  EXPECT_EQ(routes.to("tcp:late.test:80"), kNeedsAddresses);
  EXPECT_EQ(routes.to("tcp:late.test:80", {"10.1.1.1"}), ruleNumber(1));
  EXPECT_EQ(routes.to("tcp:late.test:80", {"8.8.8.8"}), ruleNumber(2));
  EXPECT_EQ(routes.to("tcp:late.test:80", {}), ruleNumber(2));
}

TEST(Router, LooksNothingUpThatCannotMatter) {
  const Routes routes(R"([{"inboundTag": ["a"], "ip": ["10.0.0.0/8"], "outboundTag": "x"}])",
                      "IPOnDemand");
  EXPECT_EQ(routes.to("in=b tcp:nas.test:80"), kNoRule);
}

TEST(Router, NeverLooksUpATunnelsName) {
  for (const char* strategy : {"IPIfNonMatch", "IPOnDemand"}) {
    config::Model model = modelOf(R"([{"ip": ["10.0.0.0/8"], "outboundTag": "x"}])", strategy);
    model.portals.push_back({"portal", "private.cloud.com", {}, {}});
    const Routes routes(std::move(model));
    EXPECT_EQ(routes.to("in=tunnel tcp:Private.Cloud.com:0"), kNoRule);
    EXPECT_EQ(routes.to("in=bridge link tcp:other.test:0"), kNoRule);
    EXPECT_EQ(routes.to("in=tunnel tcp:other.test:0"), kNeedsAddresses);
  }
}

TEST(Router, ReadsStrategiesAsV2RayDoes) {
  for (const char* word :
       {"AsIs", "asis", "as_is", "", "AlwaysIP", "UseIp", "IPIfNonMatch", "ip_if_non_match",
        "ip-if-non-match", "IPOnDemand", "ip_on_demand", "ipondemand"}) {
    EXPECT_EQ(Routes("[]", word).problems().errors(), 0u) << word;
  }
  const Routes wrong("[]", "IPIfNoMatch");
  ASSERT_EQ(wrong.problems().errors(), 1u);
  EXPECT_EQ(wrong.problems().all().front().path, "routing.domainStrategy");
}

}  // namespace
}  // namespace culvert::routing

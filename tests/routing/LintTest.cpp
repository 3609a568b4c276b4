#include "routing/Lint.h"
#include "routing/RuleText.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace culvert::routing {
namespace {

struct Case {
  const char* rules;
  const char* warnings;  ///< the paths, separated by blanks
};
void PrintTo(const Case& row, std::ostream* out) {
  *out << row.rules;
}

class LintTable : public testing::TestWithParam<Case> {};

TEST_P(LintTable, NamesTheRulesThatCannotMatch) {
  config::Model model = modelOf(GetParam().rules);
  for (const char* tag : {"a", "b"}) {
    config::InboundConfig inbound;
    inbound.tag = tag;
    model.inbounds.push_back(inbound);
  }
  model.bridges.push_back({"bridge", "private.cloud.com", {}, {}});

  config::Problems problems;
  reportUnreachableRules(model, problems);
  std::string paths;
  for (const config::Problem& problem : problems.all()) {
    EXPECT_EQ(problem.severity, config::Severity::Warning);
    EXPECT_EQ(problem.code, "unreachable");
    EXPECT_GE(problem.place.line, 1);
    paths += (paths.empty() ? "" : " ") + problem.path;
  }
  EXPECT_EQ(paths, GetParam().warnings);
}

constexpr Case kCases[] = {
    {R"([{"inboundTag": ["a"]}, {"inboundTag": ["b"]}, {"inboundTag": ["bridge"]}])", ""},
    {R"([{"inboundTag": ["c"]}])", "[0].inboundTag[0]"},
    {R"([{"inboundTag": ["a", "c"]}])", "[0].inboundTag[1]"},
    {R"([{"inboundTag": ["a"]}, {"inboundTag": ["a"]}])", "routing.rules[1]"},
    {R"([{"inboundTag": ["a"]}, {"inboundTag": ["a"], "port": 80}])", "routing.rules[1]"},
    {R"([{"inboundTag": ["a"], "port": 80}, {"inboundTag": ["a"]}])", ""},
    {R"([{"inboundTag": ["a", "b"]}, {"inboundTag": ["b"]}])", "routing.rules[1]"},
    {R"([{"inboundTag": ["a"]}, {"inboundTag": ["a", "b"]}])", ""},
    {R"([{"network": "tcp,udp"}, {"port": 80}])", "routing.rules[1]"},
    {R"([{"network": "tcp"}, {"port": 80}])", ""},
    {R"([{"network": "tcp"}, {"port": 80, "network": "TCP"}])", "routing.rules[1]"},
    {R"([{"port": "1-100"}, {"port": "50,60-70"}])", "routing.rules[1]"},
    {R"([{"port": "1-100"}, {"port": "50-101"}])", ""},
    {R"([{"domain": ["full:a", "full:b"]}, {"domain": ["full:b"], "port": 1}])",
     "routing.rules[1]"},
    {R"([{"domain": ["full:a"]}, {"domain": ["full:b"]}])", ""},
    {R"([{"protocol": ["http"]}, {"protocol": ["http"]}])", ""},
    {R"([{"user": ["u"]}, {"user": ["u"]}])", "routing.rules[1]"},
    {R"([{"source": ["10.0.0.0/8"]}, {"inboundTag": ["a"]}])", ""},
};
INSTANTIATE_TEST_SUITE_P(Rules, LintTable, testing::ValuesIn(kCases));

}  // namespace
}  // namespace culvert::routing

#include "routing/Idna.h"
#include "routing/Rule.h"
#include "routing/RuleText.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace culvert::routing {
namespace {

Rule::Answer ask(const std::string& rule, const std::string& session) {
  config::Problems problems;
  const Rule compiled(ruleOf(rule), GeoFiles(), problems);
  EXPECT_EQ(problems.errors(), 0u) << problems.text();
  const proxy::Session question = sessionOf(session);
  return compiled.matches(
      {question, question.target.isDomain() ? comparableName(question.target.domain()) : ""});
}

struct Case {
  const char* rule;
  const char* session;
  bool matches;
};
void PrintTo(const Case& row, std::ostream* out) {
  *out << row.rule << " for " << row.session;
}

class RuleTable : public testing::TestWithParam<Case> {};

TEST_P(RuleTable, DecidesAsWritten) {
  const Case& row = GetParam();
  EXPECT_EQ(ask(row.rule, row.session), row.matches ? Rule::Answer::Yes : Rule::Answer::No);
}

constexpr Case kDomains[] = {
    // Substrings.
    {R"({"domain": ["sina.com"]})", "tcp:sina.com:80", true},
    {R"({"domain": ["sina.com"]})", "tcp:www.sina.com:80", true},
    {R"({"domain": ["sina.com"]})", "tcp:xsina.com.cn:80", true},
    {R"({"domain": ["sina.com"]})", "tcp:sina.org:80", false},
    {R"({"domain": ["keyword:ina"]})", "tcp:xsina.com.cn:80", true},
    {R"({"domain": ["keyword:INA"]})", "tcp:sina.com:80", true},
    {R"({"domain": ["keyword:ina"]})", "tcp:example.com:80", false},
    {R"({"domain": ["a"]})", "tcp:1.2.3.4:80", false},
    // Exact names.
    {R"({"domain": ["full:block.test"]})", "tcp:block.test:80", true},
    {R"({"domain": ["full:block.test"]})", "tcp:BLOCK.test:80", true},
    {R"({"domain": ["full:Block.Test"]})", "tcp:block.test:80", true},
    {R"({"domain": ["full:block.test"]})", "tcp:block.test.:80", true},
    {R"({"domain": ["full:block.test."]})", "tcp:block.test:80", true},
    {R"({"domain": ["full:block.test"]})", "tcp:www.block.test:80", false},
    {R"({"domain": ["full:block.test"]})", "tcp:xblock.test:80", false},
    {R"({"domain": ["full:block.test"]})", "tcp:block.test.org:80", false},
    {R"({"domain": ["full:private.cloud.com"]})", "tcp:private.cloud.com:0", true},
    {R"({"domain": ["full:bücher.example"]})", "tcp:xn--bcher-kva.example:80", true},
    {R"({"domain": ["full:xn--bcher-kva.example"]})", "tcp:bücher.example:80", true},
    {R"({"domain": ["full:BÜCHER.example"]})", "tcp:xn--bcher-kva.example:80", true},
    // A name and all below it.
    {R"({"domain": ["domain:a.b"]})", "tcp:a.b:80", true},
    {R"({"domain": ["domain:a.b"]})", "tcp:x.a.b:80", true},
    {R"({"domain": ["domain:a.b"]})", "tcp:x.y.a.b:80", true},
    {R"({"domain": ["domain:a.b"]})", "tcp:xa.b:80", false},
    {R"({"domain": ["domain:a.b"]})", "tcp:b:80", false},
    {R"({"domain": ["domain:a.b"]})", "tcp:a.b.c:80", false},
    {R"({"domain": ["domain:Mixed.Test"]})", "tcp:mixed.test:80", true},
    {R"({"domain": ["domain:Mixed.Test"]})", "tcp:www.MIXED.test.:80", true},
    {R"({"domain": ["domain:a_b.com"]})", "tcp:a_b.com:80", true},
    {R"({"domain": ["domain:com"]})", "tcp:example.com:80", true},
    {R"({"domain": ["domain:com"]})", "tcp:com:80", true},
    {R"({"domain": ["domain:com"]})", "tcp:telecom:80", false},
    // Regular expressions.
    {R"({"domain": ["regexp:^goo.*\\.com$"]})", "tcp:google.com:80", true},
    {R"({"domain": ["regexp:^goo.*\\.com$"]})", "tcp:GOOGLE.com.:80", true},
    {R"({"domain": ["regexp:^goo.*\\.com$"]})", "tcp:agoogle.com:80", false},
    {R"({"domain": ["regexp:oog"]})", "tcp:google.com:80", true},
    {R"({"domain": ["regexp:[0-9]{3}"]})", "tcp:a123.example:80", true},
    {R"({"domain": ["regexp:[0-9]{3}"]})", "tcp:a12.example:80", false},
    {R"({"domain": ["regexp:^(a+)+$"]})", "tcp:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab:80",
     false},
    // Names without dots.
    {R"({"domain": ["dotless:"]})", "tcp:localhost:80", true},
    {R"({"domain": ["dotless:"]})", "tcp:example.com:80", false},
    {R"({"domain": ["dotless:nas"]})", "tcp:mynas2:80", true},
    {R"({"domain": ["dotless:nas"]})", "tcp:router:80", false},
    {R"({"domain": ["dotless:nas"]})", "tcp:nas.local:80", false},
    // Lists.
    {R"({"domain": ["full:a.test", "full:b.test"]})", "tcp:b.test:80", true},
    {R"({"domain": ["full:a.test", "full:b.test"]})", "tcp:c.test:80", false},
    {R"({"domain": "full:a.test, full:b.test"})", "tcp:b.test:80", true},
    {R"({"domain": "full:a.test"})", "tcp:a.test:80", true},
    {R"({"domain": []})", "tcp:a.test:80", false},
    {R"({"domain": [""]})", "tcp:a.test:80", false},
};
INSTANTIATE_TEST_SUITE_P(Domains, RuleTable, testing::ValuesIn(kDomains));

constexpr Case kAddresses[] = {
    {R"({"ip": ["1.2.3.4"]})", "tcp:1.2.3.4:80", true},
    {R"({"ip": ["1.2.3.4"]})", "tcp:1.2.3.5:80", false},
    {R"({"ip": ["10.0.0.0/8"]})", "tcp:10.255.0.1:80", true},
    {R"({"ip": ["10.0.0.0/8"]})", "tcp:11.0.0.1:80", false},
    {R"({"ip": ["10.1.2.3/8"]})", "tcp:10.200.0.1:80", true},
    {R"({"ip": ["192.168.1.128/25"]})", "tcp:192.168.1.200:80", true},
    {R"({"ip": ["192.168.1.128/25"]})", "tcp:192.168.1.127:80", false},
    {R"({"ip": ["0.0.0.0/0"]})", "tcp:8.8.8.8:80", true},
    {R"({"ip": ["0.0.0.0/0"]})", "tcp:[2001:db8::1]:80", false},
    {R"({"ip": ["::/0"]})", "tcp:[2001:db8::1]:80", true},
    {R"({"ip": ["::/0"]})", "tcp:8.8.8.8:80", false},
    {R"({"ip": ["2001:db8::/32"]})", "tcp:[2001:db8:ffff::1]:80", true},
    {R"({"ip": ["2001:db8::/32"]})", "tcp:[2001:db9::1]:80", false},
    {R"({"ip": ["[::1]"]})", "tcp:[::1]:80", true},
    {R"({"ip": ["::1"]})", "tcp:[::1]:80", true},
    {R"({"ip": ["1.2.3.4"]})", "tcp:[::ffff:1.2.3.4]:80", true},
    {R"({"ip": ["::ffff:1.2.3.0/120"]})", "tcp:1.2.3.4:80", true},
    {R"({"ip": ["::ffff:1.2.3.0/120"]})", "tcp:1.2.4.4:80", false},
    {R"({"ip": ["!10.0.0.0/8"]})", "tcp:10.0.0.1:80", false},
    {R"({"ip": ["!10.0.0.0/8"]})", "tcp:11.0.0.1:80", true},
    {R"({"ip": ["!10.0.0.0/8", "10.1.2.3"]})", "tcp:10.1.2.3:80", true},
    {R"({"ip": ["!10.0.0.0/8", "10.1.2.3"]})", "tcp:10.1.2.4:80", false},
    {R"({"ip": ["geoip:private"]})", "tcp:192.168.0.1:80", true},
    {R"({"ip": ["geoip:PRIVATE"]})", "tcp:192.168.0.1:80", true},
    {R"({"ip": ["geoip:private"]})", "tcp:8.8.8.8:80", false},
    {R"({"ip": ["geoip:!private"]})", "tcp:8.8.8.8:80", true},
    {R"({"ip": ["geoip:!private"]})", "tcp:127.0.0.1:80", false},
    {R"({"ip": "1.2.3.4, 5.6.7.8"})", "tcp:5.6.7.8:80", true},
    {R"({"ip": []})", "tcp:1.2.3.4:80", false},
    {R"({"source": ["192.168.0.0/16"]})", "from=192.168.3.4:1000 tcp:1.2.3.4:80", true},
    {R"({"source": ["192.168.0.0/16"]})", "from=192.169.3.4:1000 tcp:1.2.3.4:80", false},
    {R"({"source": ["192.168.0.0/16"]})", "tcp:192.168.0.1:80", false},
    {R"({"source": ["0.0.0.0/0", "::/0"]})", "tcp:1.2.3.4:80", false},
    {R"({"source": ["geoip:private"]})", "from=[fe80::1]:1000 tcp:a.test:80", true},
    {R"({"source": ["10.0.0.0/8"]})", "from=[::ffff:10.1.1.1]:1000 tcp:a.test:80", true},
};
INSTANTIATE_TEST_SUITE_P(Addresses, RuleTable, testing::ValuesIn(kAddresses));

constexpr Case kOthers[] = {
    // Ports.
    {R"({"port": 443})", "tcp:1.2.3.4:443", true},
    {R"({"port": 443})", "tcp:1.2.3.4:444", false},
    {R"({"port": "443"})", "tcp:1.2.3.4:443", true},
    {R"({"port": "53,443,1000-2000"})", "tcp:1.2.3.4:53", true},
    {R"({"port": "53,443,1000-2000"})", "tcp:1.2.3.4:1500", true},
    {R"({"port": "53,443,1000-2000"})", "tcp:1.2.3.4:2000", true},
    {R"({"port": "53,443,1000-2000"})", "tcp:1.2.3.4:2001", false},
    {R"({"port": " 53 , 1000 - 2000 "})", "tcp:1.2.3.4:1000", true},
    {R"({"port": "0-65535"})", "tcp:a.test:0", true},
    {R"({"sourcePort": "1000-2000"})", "from=1.1.1.1:1500 tcp:1.2.3.4:80", true},
    {R"({"sourcePort": "1000-2000"})", "from=1.1.1.1:999 tcp:1.2.3.4:80", false},
    {R"({"sourcePort": "1000-2000"})", "tcp:1.2.3.4:1500", false},
    // Networks.
    {R"({"network": "tcp"})", "tcp:1.2.3.4:80", true},
    {R"({"network": "tcp"})", "udp:1.2.3.4:80", false},
    {R"({"network": "UDP"})", "udp:1.2.3.4:80", true},
    {R"({"network": "tcp,udp"})", "udp:1.2.3.4:80", true},
    {R"({"network": "tcp, udp"})", "udp:1.2.3.4:80", true},
    {R"({"network": ["tcp", "udp"]})", "udp:1.2.3.4:80", true},
    {R"({"network": ["udp"]})", "tcp:1.2.3.4:80", false},
    // Users.
    {R"({"user": ["nas1"]})", "user=nas1 tcp:a.test:80", true},
    {R"({"user": ["nas1"]})", "user=NAS1 tcp:a.test:80", false},
    {R"({"user": ["nas1"]})", "user=nas12 tcp:a.test:80", false},
    {R"({"user": ["nas1"]})", "tcp:a.test:80", false},
    {R"({"user": ["nas1", "nas2"]})", "user=nas2 tcp:a.test:80", true},
    {R"({"user": [""]})", "tcp:a.test:80", false},
    // Inbounds.
    {R"({"inboundTag": ["bridge"]})", "in=bridge tcp:a.test:80", true},
    {R"({"inboundTag": ["bridge"]})", "in=Bridge tcp:a.test:80", false},
    {R"({"inboundTag": ["bridge"]})", "in=bridge-2 tcp:a.test:80", false},
    {R"({"inboundTag": ["bridge"]})", "tcp:a.test:80", false},
    {R"({"inboundTag": "a,b"})", "in=b tcp:a.test:80", true},
    {R"({"inboundTag": "a, b"})", "in=b tcp:a.test:80", true},
    // All conditions of a rule, any element of a condition.
    {R"({"inboundTag": ["a"], "domain": ["full:x.test"]})", "in=a tcp:x.test:80", true},
    {R"({"inboundTag": ["a"], "domain": ["full:x.test"]})", "in=b tcp:x.test:80", false},
    {R"({"inboundTag": ["a"], "domain": ["full:x.test"]})", "in=a tcp:y.test:80", false},
    {R"({"inboundTag": ["a"], "domain": ["full:x.test"]})", "in=a tcp:1.2.3.4:80", false},
    {R"({"ip": ["1.2.3.4"], "port": 80, "network": "tcp"})", "tcp:1.2.3.4:80", true},
    {R"({"ip": ["1.2.3.4"], "port": 80, "network": "tcp"})", "udp:1.2.3.4:80", false},
    {R"({"ip": ["1.2.3.4"], "port": 80, "network": "tcp"})", "tcp:1.2.3.4:81", false},
    {R"({"user": ["u"], "source": ["1.1.1.1"], "inboundTag": ["a"]})",
     "in=a user=u from=1.1.1.1:1 tcp:a.test:80", true},
    {R"({"user": ["u"], "source": ["1.1.1.1"], "inboundTag": ["a"]})",
     "in=a user=u from=1.1.1.2:1 tcp:a.test:80", false},
    {R"({"user": ["u"], "source": ["1.1.1.1"], "inboundTag": ["a"]})",
     "in=a user=v from=1.1.1.1:1 tcp:a.test:80", false},
    // Nothing is sniffed in this version.
    {R"({"protocol": ["http"]})", "tcp:a.test:80", false},
};
INSTANTIATE_TEST_SUITE_P(Others, RuleTable, testing::ValuesIn(kOthers));

struct Mistake {
  const char* rule;
  const char* message;  ///< a part of it
  const char* path;
};
void PrintTo(const Mistake& row, std::ostream* out) {
  *out << row.rule;
}

class RuleMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(RuleMistakes, AreToldAtTheirPlace) {
  const Mistake& row = GetParam();
  config::Problems problems;
  const Rule rule(ruleOf(row.rule), GeoFiles({"nowhere"}), problems);
  ASSERT_EQ(problems.all().size(), 1u) << problems.text();
  const config::Problem& problem = problems.all().front();
  EXPECT_NE(problem.message.find(row.message), std::string::npos) << problem.message;
  EXPECT_EQ(problem.path, row.path);
  EXPECT_EQ(problem.severity, config::Severity::Error);
  EXPECT_EQ(problem.place.line, 1);
  EXPECT_GT(problem.place.column, 1);
}

constexpr Mistake kMistakes[] = {
    {R"({"domain": ["full:"]})", "no text", "domain[0]"},
    {R"({"domain": ["a", "domain:"]})", "no text", "domain[1]"},
    {R"({"domain": ["keyword:"]})", "no text", "domain[0]"},
    {R"({"domain": ["regexp:"]})", "no text", "domain[0]"},
    {R"({"domain": ["regexp:("]})", "not a regular expression", "domain[0]"},
    {R"x({"domain": ["regexp:a(?=b)"]})x", "not a regular expression", "domain[0]"},
    {R"({"domain": ["dotless:a.b"]})", "a dot in \"a.b\"", "domain[0]"},
    {R"({"domain": ["ful:a.b"]})", "before the colon, got \"ful:a.b\"", "domain[0]"},
    {R"({"domain": [1]})", "expected a string", "domain[0]"},
    {R"({"domain": {"a": 1}})", "expected a string or a list", "domain"},
    {R"({"domain": ["geosite:"]})", "expected the name of a list", "domain[0]"},
    {R"({"domain": ["geosite:cn"]})", "\"geosite.dat\" is missing (looked in: nowhere)",
     "domain[0]"},
    {R"({"domain": ["ext:mine.dat:cn"]})", "\"mine.dat\" is missing", "domain[0]"},
    {R"({"domain": ["ext:../mine.dat:cn"]})", "without a directory", "domain[0]"},
    {R"({"domain": ["ext:mine.dat"]})", "expected the name of a list", "domain[0]"},
    {R"({"ip": ["1.2.3"]})", "got \"1.2.3\"", "ip[0]"},
    {R"({"ip": ["1.2.3.4/33"]})", "got \"1.2.3.4/33\"", "ip[0]"},
    {R"({"ip": ["1.2.3.4/08"]})", "got \"1.2.3.4/08\"", "ip[0]"},
    {R"({"ip": ["1.2.3.4/"]})", "got \"1.2.3.4/\"", "ip[0]"},
    {R"({"ip": ["2001:db8::/129"]})", "got \"2001:db8::/129\"", "ip[0]"},
    {R"({"ip": ["example.com"]})", "got \"example.com\"", "ip[0]"},
    {R"({"ip": ["geoip:cn"]})", "\"geoip.dat\" is missing", "ip[0]"},
    {R"({"ip": ["geoip:!"]})", "expected the name of a list", "ip[0]"},
    {R"({"source": ["x"]})", "got \"x\"", "source[0]"},
    {R"({"port": 0})", "port 0 never matches", "port"},
    {R"({"port": "0"})", "port 0 never matches", "port"},
    {R"({"port": 70000})", "got \"70000\"", "port"},
    {R"({"port": "2000-1000"})", "reversed", "port"},
    {R"({"port": "80;81"})", "got \"80;81\"", "port"},
    {R"({"port": ""})", "got \"\"", "port"},
    {R"({"port": [80]})", "expected a port", "port"},
    {R"({"network": "sctp"})", "got \"sctp\"", "network"},
    {R"({"network": ["tcp", "icmp"]})", "got \"icmp\"", "network[1]"},
    {R"({"user": [1]})", "expected a string", "user[0]"},
    {R"({"inboundTag": true})", "expected a string", "inboundTag"},
    {R"({"attrs": "attrs[':method'] == 'GET'"})", "not in this version", "attrs"},
};
INSTANTIATE_TEST_SUITE_P(Written, RuleMistakes, testing::ValuesIn(kMistakes));

TEST(Rule, WaitsForTheAddressesOnlyWhenAllElseHolds) {
  const char* rule = R"({"inboundTag": ["a"], "ip": ["10.0.0.0/8"]})";
  EXPECT_EQ(ask(rule, "in=a tcp:nas.test:80"), Rule::Answer::NeedsAddresses);
  EXPECT_EQ(ask(rule, "in=b tcp:nas.test:80"), Rule::Answer::No);
}

TEST(Rule, TakesAnyOfANamesAddresses) {
  config::Problems problems;
  const Rule rule(ruleOf(R"({"ip": ["10.0.0.0/8"]})"), GeoFiles(), problems);
  const proxy::Session session = sessionOf("tcp:nas.test:80");
  const std::vector<Ip> some{Ip::parse("8.8.8.8").value(), Ip::parse("10.1.1.1").value()}, none;
  EXPECT_EQ(rule.matches({session, "nas.test", &some}), Rule::Answer::Yes);
  EXPECT_EQ(rule.matches({session, "nas.test", &none}), Rule::Answer::No);
}

TEST(Rule, SaysThatSniffedProtocolsNeverMatch) {
  config::Problems problems;
  const Rule rule(ruleOf(R"({"protocol": ["http", "tls"]})"), GeoFiles(), problems);
  ASSERT_EQ(problems.warnings(), 1u);
  EXPECT_EQ(problems.all().front().path, "protocol");
}

}  // namespace
}  // namespace culvert::routing

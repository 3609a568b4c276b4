#include "config/ConfigText.h"
#include "config/ModelJson.h"
#include "config/NodeReaders.h"
#include "config/NodeWriters.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

/// One inbound, outbound or rule in a file that is right otherwise, its place being line 2.
std::string inbound(const std::string& keys) {
  return "{\"inbounds\": [{\n" + keys + "\n}], \"outbounds\": [{\"protocol\": \"freedom\"}]}";
}
std::string outbound(const std::string& keys) {
  return "{\"inbounds\": [{\"port\": 1, \"protocol\": \"vmess\"}], \"outbounds\": [{\n" + keys +
         "\n}]}";
}
std::string rule(const std::string& keys) {
  return "{\"inbounds\": [{\"tag\": \"in\", \"port\": 1, \"protocol\": \"vmess\"}],\n\"routing\": "
         "{\"rules\": [{" +
         keys + "}]}, \"outbounds\": [{\"tag\": \"out\", \"protocol\": \"blackhole\"}]}";
}
std::string root(const std::string& keys) {
  return "{\"inbounds\": [{\"port\": 1, \"protocol\": \"vmess\"}],\n" + keys + "}";
}

struct ModelCase {
  const char* name;
  std::string text;
  std::string expected;
};
class JsonModel : public testing::TestWithParam<ModelCase> {};
TEST_P(JsonModel, IsCheckedKeyByKey_CFG_1) {
  EXPECT_EQ(heads(loadText("f.json", GetParam().text).problems), GetParam().expected);
}

const ModelCase kCases[] = {
    // section 5: inbounds
    {"InboundGood",
     inbound(R"("port": 80, "protocol": "vmess", "listen": "127.0.0.1", "tag": "a")"), ""},
    {"InboundPort", inbound(R"("port": 70000, "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: expected a port (1 to 65535), got 70000\n"},
    {"InboundPortZero", inbound(R"("port": 0, "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: expected a port (1 to 65535), got 0\n"},
    {"InboundPortText", inbound(R"("port": "80", "protocol": "vmess")"), ""},
    {"InboundPortRange", inbound(R"("port": "1000-1010", "protocol": "vmess")"), ""},
    {"InboundPortReversed", inbound(R"("port": "2000-1000", "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: expected a port (1 to 65535), got \"2000-1000\"\n"},
    {"InboundPortList", inbound(R"("port": "80,81", "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: expected a port (1 to 65535), got \"80,81\"\n"},
    {"InboundPortBlank", inbound(R"("port": " 80", "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: expected a port (1 to 65535), got \" 80\"\n"},
    {"InboundPortPoint", inbound(R"("port": 80.0, "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: expected a port (1 to 65535), got 80.0\n"},
    {"InboundPortExponent", inbound(R"("port": 8e1, "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: expected a port (1 to 65535), got 8e1\n"},
    {"InboundPortBool", inbound(R"("port": true, "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: expected a port, a range \"1000-2000\" or \"env:NAME\", got "
     "true\n"},
    {"InboundPortEnvironment", inbound(R"("port": "env:CULVERT_TEST_UNSET", "protocol": "vmess")"),
     "2:9: error: inbounds[0].port: the environment has no variable \"CULVERT_TEST_UNSET\"\n"},
    {"InboundNoPort", inbound(R"("protocol": "vmess")"),
     "1:15: error: inbounds[0].port: is missing\n"},
    {"InboundNoProtocol", inbound(R"("port": 1)"),
     "1:15: error: inbounds[0].protocol: is missing\n"},
    {"InboundName", inbound(R"("tag": "a", "port": 1, "protocol": 5)"),
     "2:36: error: inbounds[0] (a).protocol: expected text, got 5\n"},
    {"ListenName", inbound(R"("listen": "example.com", "port": 1, "protocol": "vmess")"),
     "2:11: error: inbounds[0].listen: expected an IP address or localhost, got \"example.com\"\n"},
    {"ListenEmpty", inbound(R"("listen": "", "port": 1, "protocol": "vmess")"),
     "2:11: error: inbounds[0].listen: expected an IP address or localhost, got \"\"\n"},
    {"ListenLocalhost", inbound(R"("listen": "localhost", "port": 1, "protocol": "vmess")"), ""},
    {"ListenUnix", inbound(R"("listen": "/run/x", "protocol": "vmess")"),
     "2:11: error: inbounds[0].listen: Unix sockets: not in this version\n"},
    {"ListenAbstract", inbound(R"("listen": "@x", "protocol": "vmess")"),
     "2:11: error: inbounds[0].listen: Unix sockets: not in this version\n"},
    {"SettingsList", inbound(R"("port": 1, "protocol": "vmess", "settings": [])"),
     "2:45: error: inbounds[0].settings: expected an object { }, got a list\n"},
    {"SniffingOff",
     inbound(
         R"("port": 1, "protocol": "vmess", "sniffing": {"enabled": false, "destOverride": ["http"]})"),
     ""},
    {"SniffingOn", inbound(R"("port": 1, "protocol": "vmess", "sniffing": {"enabled": true})"),
     "2:57: error: inbounds[0].sniffing.enabled: not in this version\n"},
    {"OldSniffing", inbound(R"("port": 1, "protocol": "vmess", "domainOverride": ["tls"])"),
     "2:51: error: inbounds[0].domainOverride: not in this version\n"},
    {"AllocateAlways",
     inbound(R"("port": 1, "protocol": "vmess", "allocate": {"strategy": "always"})"), ""},
    {"AllocateRandom",
     inbound(R"("port": 1, "protocol": "vmess", "allocate": {"strategy": "random"})"),
     "2:58: error: inbounds[0].allocate.strategy: \"random\": not in this version\n"},
    {"UnknownKey", inbound(R"("port": 1, "protocol": "vmess", "setings": {})"),
     "2:33: warning: inbounds[0].setings: unknown key; did you mean \"settings\"?\n"},
    {"KeyInCapitals", inbound(R"("PORT": 1, "protocol": "vmess")"),
     "2:1: warning: inbounds[0].PORT: the key is written \"port\"\n"},

    // streamSettings
    {"StreamTcp",
     inbound(
         R"("port": 1, "protocol": "vmess", "streamSettings": {"network": "TCP", "security": "none"})"),
     ""},
    {"StreamTcpHeader",
     inbound(
         R"("port": 1, "protocol": "vmess", "streamSettings": {"tcpSettings": {"header": {"type": "none"}}})"),
     ""},
    {"StreamWs",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"network\": \"ws\", "
             "\"wsSettings\": {}}"),
     "3:13: error: inbounds[0].streamSettings.network: \"ws\": not in this version\n"},
    {"StreamTls",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"security\": \"tls\"}"),
     "3:14: error: inbounds[0].streamSettings.security: \"tls\": not in this version\n"},
    {"StreamReality",
     inbound(
         "\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"security\": \"reality\"}"),
     "3:14: error: inbounds[0].streamSettings.security: \"reality\": not in this version\n"},
    {"StreamTypo",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"security\": \"tsl\"}"),
     "3:14: error: inbounds[0].streamSettings.security: expected none or tls, got \"tsl\"; did you "
     "mean \"tls\"?\n"},
    {"StreamNetworkTypo",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"network\": \"tpc\"}"),
     "3:13: error: inbounds[0].streamSettings.network: expected a transport such as tcp, got "
     "\"tpc\"; did you mean \"tcp\"?\n"},
    {"StreamNetworkNumber",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"network\": 5}"),
     "3:13: error: inbounds[0].streamSettings.network: expected text, got 5\n"},
    {"StreamHttpHeader",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"tcpSettings\": "
             "{\"header\": {\"type\": \"http\"}}}"),
     "3:37: error: inbounds[0].streamSettings.tcpSettings.header.type: \"http\": not in this "
     "version\n"},
    {"StreamHeaderType",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"tcpSettings\": "
             "{\"header\": {}}}"),
     "3:28: error: inbounds[0].streamSettings.tcpSettings.header.type: is missing\n"},
    {"StreamProxyProtocol",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"tcpSettings\": "
             "{\"acceptProxyProtocol\": true}}"),
     "3:41: error: inbounds[0].streamSettings.tcpSettings.acceptProxyProtocol: not in this "
     "version\n"},
    {"SockoptMark",
     outbound("\"protocol\": \"freedom\", \"streamSettings\":\n{\"sockopt\": {\"mark\": 255}}"),
     "3:22: error: outbounds[0].streamSettings.sockopt.mark: not in this version\n"},
    {"SockoptTproxy",
     inbound("\"port\": 1, \"protocol\": \"vmess\", \"streamSettings\":\n{\"sockopt\": "
             "{\"tproxy\": \"tproxi\"}}"),
     "3:24: error: inbounds[0].streamSettings.sockopt.tproxy: expected off, redirect or tproxy, "
     "got \"tproxi\"\n"},
    {"SockoptTuning",
     outbound(
         "\"protocol\": \"freedom\", \"streamSettings\":\n{\"sockopt\": {\"tcpFastOpen\": true}}"),
     "3:29: warning: outbounds[0].streamSettings.sockopt.tcpFastOpen: not in this version, has no "
     "effect\n"},

    // section 6: outbounds
    {"OutboundGood",
     outbound(
         R"("protocol": "vmess", "mux": {"enabled": true, "concurrency": 8}, "sendThrough": "10.0.0.1")"),
     ""},
    {"OutboundNoProtocol", outbound(R"("tag": "a")"),
     "1:64: error: outbounds[0] (a).protocol: is missing\n"},
    {"SendThroughName", outbound(R"("protocol": "freedom", "sendThrough": "a.example")"),
     "2:39: error: outbounds[0].sendThrough: expected an IP address, got \"a.example\"\n"},
    {"MuxTooMany",
     outbound(R"("protocol": "vmess", "mux": {"enabled": true, "concurrency": 2000})"),
     "2:62: error: outbounds[0].mux.concurrency: expected at most 1024, got 2000\n"},
    {"MuxNever", outbound(R"("protocol": "vmess", "mux": {"enabled": true, "concurrency": -1})"),
     ""},
    {"ProxySettings", outbound(R"("protocol": "vmess", "proxySettings": {"tag": "x"})"),
     "2:39: error: outbounds[0].proxySettings: not in this version\n"},

    // section 8: routing
    {"RuleGood", rule(R"("type": "field", "inboundTag": ["in"], "outboundTag": "out")"), ""},
    {"RuleTypeAnyCase", rule(R"("type": "FIELD", "network": "tcp", "outboundTag": "out")"), ""},
    {"RuleNoType", rule(R"("network": "tcp", "outboundTag": "out")"),
     "2:23: error: routing.rules[0].type: is missing\n"},
    {"RuleOtherType", rule(R"("type": "chinaip", "network": "tcp", "outboundTag": "out")"),
     "2:32: error: routing.rules[0].type: expected \"field\", got \"chinaip\"\n"},
    {"RuleUnknownTag", rule(R"("type": "field", "network": "tcp", "outboundTag": "uot")"),
     "2:74: error: routing.rules[0].outboundTag: no outbound or portal has the tag \"uot\"; did "
     "you mean \"out\"?\n"},
    {"RuleNoTag", rule(R"("type": "field", "network": "tcp")"),
     "2:23: error: routing.rules[0].outboundTag: is missing\n"},
    {"RuleTagNumber", rule(R"("type": "field", "network": "tcp", "outboundTag": 5)"),
     "2:74: error: routing.rules[0].outboundTag: expected the tag of an outbound, got 5\n"},
    {"RuleBalancer", rule(R"("type": "field", "network": "tcp", "balancerTag": "b")"),
     "2:74: error: routing.rules[0].balancerTag: balancers: not in this version\n"},
    {"RuleNoCondition", rule(R"("type": "field", "outboundTag": "out")"),
     "2:23: error: routing.rules[0]: a rule needs at least one condition\n"},
    {"RuleXrayKey",
     rule(R"("type": "field", "process": ["curl"], "network": "tcp", "outboundTag": "out")"),
     "2:52: error: routing.rules[0].process: not in this version\n"},
    {"RuleUnknownKey",
     rule(R"("type": "field", "inboundTags": ["in"], "network": "tcp", "outboundTag": "out")"),
     "2:41: warning: routing.rules[0].inboundTags: unknown key; did you mean \"inboundTag\"?\n"},
    {"Balancers", root(R"("routing": {"balancers": [{"tag": "b"}]})"),
     "2:26: error: routing.balancers: not in this version\n"},
    {"NoBalancers", root(R"("routing": {"balancers": []})"), ""},
    {"StrategyAnyCase", root(R"("routing": {"domainStrategy": "ip_if_non_match"})"), ""},
    {"StrategyUnknown", root(R"("routing": {"domainStrategy": "IPIfNoMatch"})"),
     "2:31: error: routing.domainStrategy: expected AsIs, IPIfNonMatch or IPOnDemand, got "
     "\"IPIfNoMatch\"; did you mean \"IPIfNonMatch\"?\n"},
    {"OldRoutingStrategy",
     root(R"("routing": {"strategy": "rules", "settings": {"domainStrategy": "x"}})"),
     "2:65: error: routing.settings.domainStrategy: expected AsIs, IPIfNonMatch or IPOnDemand, got "
     "\"x\"\n"},

    // section 9: reverse
    {"ReverseNoDomain", root(R"("reverse": {"portals": [{"tag": "p"}]})"),
     "2:25: error: reverse.portals[0] (p).domain: is missing\n"},
    {"ReverseNoTag", root(R"("reverse": {"bridges": [{"domain": "a.b"}]})"),
     "2:25: error: reverse.bridges[0].tag: is missing\n"},
    {"ReverseEmptyTag", root(R"("reverse": {"portals": [{"tag": "", "domain": "a.b"}]})"),
     "2:33: error: reverse.portals[0].tag: is empty\n"},
    {"ReverseBadDomain", root(R"("reverse": {"portals": [{"tag": "p", "domain": "a b"}]})"),
     "2:48: error: reverse.portals[0] (p).domain: expected a domain such as private.cloud.com, got "
     "\"a b\"\n"},

    // section 4 and 10: log, policy
    {"LogLevelAnyCase", root(R"("log": {"loglevel": "Warning"})"), ""},
    {"LogLevelUnknown", root(R"("log": {"loglevel": "warn"})"),
     "2:21: error: log.loglevel: expected debug, info, warning, error or none, got \"warn\"\n"},
    {"PolicyLevelName", root(R"("policy": {"levels": {"zero": {}}})"),
     "2:23: error: policy.levels.zero: expected the number of a level, got \"zero\"\n"},
    {"PolicyOtherLevel",
     root(R"("policy": {"levels": {"0": {"connIdle": 60}, "1": {"handshake": 4}, "2": null}})"),
     "2:46: warning: policy.levels.1: levels other than 0: not in this version, has no effect\n"},
    {"PolicyText", root(R"("policy": {"levels": {"0": {"connIdle": "60"}}})"),
     "2:41: error: policy.levels.0.connIdle: expected a number from 0 to 4294967295, got \"60\"\n"},
    {"PolicyCounters", root(R"("policy": {"system": {"statsInboundUplink": true}})"),
     "2:22: warning: policy.system: not in this version, has no effect\n"},

    // section 3: root
    {"RootUnknown", root(R"("inbouds": [])"),
     "2:1: warning: inbouds: unknown key; did you mean \"inbounds\"?\n"},
    {"RootStats", root(R"("stats": {}, "api": {"tag": "api"})"),
     "2:10: warning: stats: not in this version, has no effect\n2:21: warning: api: not in this "
     "version, has no effect\n"},
    {"RootDns", root(R"("dns": {"servers": ["8.8.8.8"]})"),
     "2:8: error: dns: not in this version\n"},
    {"RootEmptyDns", root(R"("dns": {}, "transport": {}, "policy": null)"), ""},
    {"RootTransport", root(R"("transport": {"tcpSettings": {}})"),
     "2:14: error: transport: not in this version\n"},
    {"RootFakeDns", root(R"("fakeDns": {})"),
     "2:1: warning: fakeDns: the key is written \"fakedns\"\n2:12: error: fakeDns: not in this "
     "version\n"},
    {"RootThreads", root(R"("threads": 65)"),
     "2:12: error: threads: expected a number from 1 to 64, got 65\n"},
    {"RootCompat", root(R"("compat": {"portalAsDefault": 1})"),
     "2:31: error: compat.portalAsDefault: expected true or false, got 1\n"},
    {"RootList", "[]", "1:1: error: expected an object { }, got a list\n"},
    {"RootNothing", "{}", "1:1: warning: nothing to do: no inbounds and no bridges\n"},
    {"RootInboundsObject", R"({"inbounds": {}})",
     "1:14: error: inbounds: expected a list, got a map\n"},
    {"RootOutboundsObjectIsOneMistake",
     root(
         R"("outbounds": {}, "routing": {"rules": [{"type": "field", "network": "tcp", "outboundTag": "x"}]})"),
     "2:14: error: outbounds: expected a list, got a map\n"},

    // other dialects
    {"V5Router", root(R"("router": {"rule": []})"),
     "2:11: error: router: V2Ray v5 JSON is not supported; convert to v4\n"},
    {"V5Services", root(R"("services": {"reverse": {}})"),
     "2:13: error: services: V2Ray v5 JSON is not supported; convert to v4\n"},
    {"V5Transport",
     inbound(R"("port": 1, "protocol": "vmess", "streamSettings": {"transport": "ws"})"),
     "2:65: error: inbounds[0].streamSettings.transport: V2Ray v5 JSON is not supported; convert "
     "to v4\n"},
    {"V5Log", root(R"("log": {"access": {"type": "None"}})"),
     "2:19: error: log.access: V2Ray v5 JSON is not supported; convert to v4\n"},
    {"XrayEnv", root(R"("env": {"A": "b"})"),
     "2:8: error: env: \"env\" is Xray's and not supported\n"},

    // several at once
    {"ManyMistakes",
     inbound("\"port\": 0,\n\"protocol\": 7,\n\"listen\": \"x y\",\n\"sniffing\": {\"enabled\": "
             "1},\n\"x\": 1"),
     "2:9: error: inbounds[0].port: expected a port (1 to 65535), got 0\n"
     "3:13: error: inbounds[0].protocol: expected text, got 7\n"
     "4:11: error: inbounds[0].listen: expected an IP address or localhost, got \"x y\"\n"
     "5:25: error: inbounds[0].sniffing.enabled: expected true or false, got 1\n"
     "6:1: warning: inbounds[0].x: unknown key\n"},
};
INSTANTIATE_TEST_SUITE_P(ModelJson, JsonModel, testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- The mission's two files.

class Seed : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(ModelJson, Seed, testing::Values("node-a-bridge", "node-b-portal"),
                         [](const auto& one) { return std::string(one.param).substr(7); });

TEST_P(Seed, IsTheStoredModel) {
  const std::string name = GetParam();
  const Loaded loaded = loadText(name + ".json", dataFile("seed/" + name + ".json"));
  EXPECT_EQ(loaded.problems.errors(), 0u) << loaded.problems.text();
  EXPECT_EQ(writeCanonicalJson(toFullV2Ray(loaded.model)), dataFile("golden/" + name + ".json"));
}

TEST_P(Seed, IsWrittenAsTheSameValue) {
  const std::string name = GetParam(), text = dataFile("seed/" + name + ".json");
  const Loaded loaded = loadText(name + ".json", text);
  Problems problems;
  const Node original = parseJson(sourceOf(text), problems);
  EXPECT_TRUE(toV2Ray(loaded.model).sameAs(original)) << writeJson(toV2Ray(loaded.model));
  const Loaded again = loadText("again.json", writeJson(toV2Ray(loaded.model)));
  EXPECT_TRUE(sameModel(again.model, loaded.model));
}

TEST(ModelJson, WarnsThatNodeAGivesTheWholeNetwork_REACH_2) {
  const Loaded a = loadText("a.json", dataFile("seed/node-a-bridge.json"));
  EXPECT_EQ(heads(a.problems),
            "32:5: warning: outbounds[1] (out): whoever holds the portal of bridge \"bridge\" can "
            "reach everything that "
            "this machine can\n");
  EXPECT_EQ(loadText("b.json", dataFile("seed/node-b-portal.json")).problems.text(), "");
}

TEST(ModelJson, ReadsEveryPartOfAModel) {
  const Loaded loaded = loadText("f.json", R"({
"log": {"loglevel": "error", "error": "/var/log/c", "access": "none", "format": "json", "addresses": "short"},
"policy": {"levels": {"0": {"handshake": 4, "connIdle": 300, "uplinkOnly": 2, "downlinkOnly": 5, "bufferSize": 4}}},
"inbounds": [{"tag": "i", "listen": "0.0.0.0", "port": "1000-1002", "protocol": "VMess", "optional": true}],
"outbounds": [{"tag": "o", "protocol": "vmess", "sendThrough": "10.0.0.1", "mux": {"enabled": true, "concurrency": 3}},
              {"tag": "never", "protocol": "vmess", "mux": {"enabled": true, "concurrency": -1}}],
"routing": {"domainStrategy": "iponDemand", "rules": [{"type": "field", "domain": "a,b", "domains": ["c"],
  "sourceIP": "10.0.0.0/8", "inboundTag": "i", "outboundTag": "p"}]},
"reverse": {"portals": [{"tag": "p", "domain": "a.b"}]}, "threads": 2,
"compat": {"portalAsDefault": true, "idMapping": true}})");
  const Model& m = loaded.model;
  EXPECT_EQ(loaded.problems.errors(), 0u) << loaded.problems.text();
  EXPECT_EQ(m.log.level, LogLevel::Error);
  EXPECT_EQ(m.log.file, "/var/log/c");
  EXPECT_EQ(m.log.access, "none");
  EXPECT_TRUE(m.log.json);
  EXPECT_EQ(m.log.addresses, LogConfig::Addresses::Short);
  EXPECT_EQ(m.policy.handshake, std::chrono::seconds(4));
  EXPECT_EQ(m.policy.downlinkOnly, std::chrono::seconds(5));
  EXPECT_FALSE(m.policy.udpIdle);
  ASSERT_EQ(m.inbounds.size(), 1u);
  EXPECT_EQ(toString(m.inbounds[0].listen.at(0)), "0.0.0.0");
  EXPECT_EQ(m.inbounds[0].port, (PortRange{1000, 1002}));
  EXPECT_TRUE(m.inbounds[0].optional);
  EXPECT_FALSE(m.inbounds[0].settings);
  EXPECT_EQ(m.inbounds[0].settings.path(), "inbounds[0] (i).settings");
  EXPECT_EQ(m.inbounds[0].settings.place().line, 4);
  ASSERT_EQ(m.outbounds.size(), 2u);
  EXPECT_TRUE(m.outbounds[0].muxEnabled);
  EXPECT_EQ(m.outbounds[0].muxConcurrency, 3);
  EXPECT_EQ(toString(m.outbounds[0].sendThrough.at(0)), "10.0.0.1");
  EXPECT_FALSE(m.outbounds[1].muxEnabled);
  EXPECT_EQ(m.domainStrategy, "IPOnDemand");
  ASSERT_EQ(m.rules.size(), 1u);
  EXPECT_EQ(stringList(m.rules[0].domain), (std::vector<std::string>{"a,b", "c"}));
  EXPECT_EQ(stringList(m.rules[0].source), (std::vector<std::string>{"10.0.0.0/8"}));
  EXPECT_EQ(m.portals.at(0).domain, "a.b");
  EXPECT_EQ(m.threads, 2);
  EXPECT_TRUE(m.portalAsDefault);
  EXPECT_TRUE(m.idMapping);
  EXPECT_EQ(m.dialect, Dialect::Json);

  const Loaded again = loadText("again.json", writeJson(toV2Ray(m)));
  EXPECT_EQ(again.problems.errors(), 0u) << again.problems.text();
  EXPECT_TRUE(sameModel(again.model, m))
      << writeJson(toV2Ray(m)) << writeJson(toV2Ray(again.model));
}

TEST(ModelJson, ReadsTheNamesOfOldFiles) {
  const Loaded loaded =
      loadText("f.json", R"({"port": 81, "inbound": {"tag": "a", "protocol": "vmess"},
"inboundDetour": [{"tag": "b", "port": 82, "protocol": "vmess"}], "inbounds": [{"tag": "c", "port": 83,
"protocol": "vmess"}], "outbound": {"tag": "d", "protocol": "freedom"}, "outboundDetour": [{"tag": "e", "protocol":
"blackhole"}], "outbounds": [{"tag": "f", "protocol": "blackhole"}], "routing": {"rules": [{"type": "field",
"network": "udp", "outboundTag": "e"}], "settings": {"rules": [{"type": "field", "network": "tcp", "outboundTag": "f"}]}}})");
  EXPECT_EQ(loaded.problems.text(), "");
  std::string tags;
  for (const auto& one : loaded.model.inbounds) tags += one.tag + std::to_string(one.port.from);
  for (const auto& one : loaded.model.outbounds) tags += one.tag;
  for (const auto& one : loaded.model.rules) tags += one.outboundTag.text();
  EXPECT_EQ(tags, "a81b82c83defef");
}

TEST(ModelJson, KnowsJsonByNameAndByItsBrace) {
  EXPECT_EQ(loadText("a.JSON", "x").model.dialect, Dialect::Json);
  EXPECT_EQ(loadText("a.conf", " \n{}").model.dialect, Dialect::Json);
  EXPECT_EQ(loadText("a.yaml", "a: 1\n").model.dialect, Dialect::Yaml);
  EXPECT_EQ(loadText("json", "// {\n").model.dialect, Dialect::Yaml);
}

TEST(ModelJson, WritesRulesInV2RaysForms) {
  Model model;
  RuleConfig made;
  made.port = Node::list({Node::number("53"), Node::string("1000-2000")});
  made.network = Node::list({Node::string("TCP"), Node::string("udp")});
  made.inboundTag = Node::string("a");
  made.outboundTag = Node::string("o");
  model.rules = {made};
  EXPECT_EQ(writeJson(toV2Ray(model)["routing"]["rules"][std::size_t{0}]),
            "{\n  \"type\": \"field\",\n  \"inboundTag\": [\n    \"a\"\n  ],\n  \"port\": "
            "\"53,1000-2000\",\n  "
            "\"network\": \"tcp,udp\",\n  \"outboundTag\": \"o\"\n}\n");
}

struct Advanced {
  Model model;
  Problems problems;
};
Advanced advanced(const std::string& text) {
  Advanced read;
  Problems syntax;
  const Node root = parseYaml(sourceOf(text), syntax);
  EXPECT_EQ(syntax.text(), "");
  readV2Ray(root["advanced"], read.model, read.problems);
  return read;
}

TEST(ModelJson, ReadsAdvancedYamlStrictly_CFG_2) {
  const Advanced read = advanced(R"(advanced:
  inbounds:
    - {tag: in, port: "16823", protocol: vmess, Settings: {}}
  outbounds:
    - {tag: out, protocol: freedom, stats: 1}
  routing:
    rules:
      - {inboundTag: in, outboundTag: out}
      - {type: field, outboundTag: out, network: }
  log: {loglevel: info}
  inbound: {}
)");
  EXPECT_EQ(
      heads(read.problems),
      "3:49: error: advanced.inbounds[0] (in).Settings: unknown key; did you mean \"settings\"?\n"
      "5:37: error: advanced.outbounds[0] (out).stats: unknown key\n"
      "9:41: error: advanced.routing.rules[1].network: is empty\n"
      "10:3: error: advanced.log: unknown key\n"
      "11:3: error: advanced.inbound: unknown key; did you mean \"inbounds\"?\n");
}

TEST(ModelJson, ResolvesReferencesInAdvancedYamlAndRemembersThem) {
  const Advanced read = advanced(R"(advanced:
  inbounds:
    - tag: in
      port: 1
      protocol: vmess
      settings: {clients: [{id: {env: PATH}, alterId: "64"}], port: {env: CULVERT_TEST_UNSET}}
)");
  EXPECT_EQ(heads(read.problems),
            "6:69: error: advanced.inbounds[0] (in).settings.port: the environment has no variable "
            "\"CULVERT_TEST_UNSET\"\n");
  const Node client = read.model.inbounds.at(0).settings["clients"][std::size_t{0}];
  EXPECT_TRUE(client["id"].isString());
  EXPECT_TRUE(client["id"].isSecret());
  EXPECT_EQ(client["id"].reference()["env"].text(), "PATH");
  const Node written =
      toV2Ray(read.model)["inbounds"][std::size_t{0}]["settings"]["clients"][std::size_t{0}];
  EXPECT_TRUE(written["id"].reference().isMap());
  EXPECT_EQ(written["alterId"].kind(), Node::Kind::Number);  // V2Ray wants a number
}

TEST(ModelJson, SurvivesEveryPrefixOfItsSamples_CFG_6) {
  for (const char* name : {"seed/node-a-bridge.json", "seed/node-b-portal.json"}) {
    const std::string text = dataFile(name);
    for (std::size_t length = 0; length < text.size(); length += 3) {
      const std::string cut = text.substr(0, length);
      loadText("f.json", cut);
      loadText("f.yaml", cut);
    }
  }
}

TEST(ModelJson, HasAReferenceOfAllKeys) {
  const std::string table = referenceTable(describeV2Ray());
  for (const char* key :
       {"`inbounds[].port`", "`outbounds[].mux.concurrency`", "`routing.rules[].domain`",
        "`reverse.portals[].tag`", "`compat.portalAsDefault`", "`threads`"}) {
    EXPECT_NE(table.find(key), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace culvert::config

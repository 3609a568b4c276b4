// Which V2Ray objects a friendly file stands for, key by key and in their order.
#include "config/ConfigText.h"
#include "config/Convert.h"
#include "config/Friendly.h"
#include "config/NodeWriters.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace culvert::config {
namespace {

#define ID "3c1e5d2a-7b64-4f08-9a6e-51f0c2d4b7a9"
#define ID2 "6d0a9f3b-2c58-4e17-8b4d-90e1d3c5a7f2"

Model modelOf(const std::string& yaml) {
  Loaded loaded = loadText("config.yaml", yaml);
  EXPECT_EQ(loaded.problems.errors(), 0U) << loaded.problems.text();
  return std::move(loaded.model);
}

/// One section of what a file stands for, e.g. "outbounds", as canonical JSON.
std::string made(const std::string& yaml, const std::string& section) {
  const Node root = toV2Ray(modelOf(yaml));
  const auto dot = section.find('.');
  const Node part = dot == std::string::npos
                        ? root[section]
                        : root[section.substr(0, dot)][section.substr(dot + 1)];
  return part ? writeCanonicalJson(part) : "none";
}
std::string json(const std::string& text) {
  Problems problems;
  const Node root = parseJson(sourceOf(text), problems);
  EXPECT_EQ(problems.text(), "");
  return writeCanonicalJson(root);
}

std::string bridge(const std::string& lines) {
  return "version: 1\nbridge:\n  server: vps.example.com:16823\n  id: " ID "\n" + lines;
}
std::string portal(const std::string& lines) {
  return "version: 1\nportal:\n  listen: 16823\n  id: " ID "\n" + lines;
}

// ---- bridge

TEST(ConvertBridge, IsAReverseEntryATunnelAndTheirRule) {
  const std::string yaml = bridge("  services: {web: 127.0.0.1:80}\n");
  EXPECT_EQ(
      made(yaml, "reverse"),
      json(R"({"bridges": [{"tag": "bridge", "domain": "default.bridge.culvert.internal"}]})"));
  EXPECT_EQ(made(yaml, "outbounds"), json(R"([
    {"tag": "tunnel", "protocol": "vmess", "settings": {"vnext": [{"address": "vps.example.com", "port": 16823,
      "users": [{"id": ")" ID R"(", "alterId": 0}]}]}},
    {"tag": "svc-web", "protocol": "freedom", "settings": {"redirect": "127.0.0.1:80"}},
    {"tag": "deny", "protocol": "blackhole"}])"));
  EXPECT_EQ(made(yaml, "routing.rules"), json(R"([
    {"type": "field", "inboundTag": ["bridge"], "domain": ["full:default.bridge.culvert.internal"], "outboundTag": "tunnel"},
    {"type": "field", "inboundTag": ["bridge"], "domain": ["full:web.default.bridge.culvert.internal"],
     "network": "tcp", "outboundTag": "svc-web"},
    {"type": "field", "inboundTag": ["bridge"], "ip": ["127.0.0.1"], "port": 80, "network": "tcp", "outboundTag": "svc-web"},
    {"type": "field", "inboundTag": ["bridge"], "outboundTag": "deny"}])"));
  EXPECT_EQ(made(yaml, "inbounds"), "none");
  EXPECT_EQ(made(yaml, "log"), "none");
  EXPECT_EQ(made(yaml, "policy"), "none");
}

TEST(ConvertBridge, BearsItsNameInTagsAndDomain) {
  const std::string yaml = bridge("  name: nas1\n  services: {web: 127.0.0.1:80}\n");
  EXPECT_EQ(
      made(yaml, "reverse"),
      json(R"({"bridges": [{"tag": "bridge-nas1", "domain": "nas1.bridge.culvert.internal"}]})"));
  EXPECT_EQ(
      made(bridge("  domain: Private.Cloud.com.\n  services: {web: 127.0.0.1:80}\n"), "reverse"),
      json(R"({"bridges": [{"tag": "bridge", "domain": "private.cloud.com"}]})"));
}

TEST(ConvertBridge, HasATunnelPerServerAndOneSetOfServices) {
  const std::string yaml =
      "version: 1\nbridge:\n  server: [one.example.com:1, \"[2001:db8::2]:2\"]\n  id: " ID
      "\n  name: nas1\n  services: {ssh: nas.lan:22}\n";
  EXPECT_EQ(made(yaml, "reverse.bridges"), json(R"([
    {"tag": "bridge-nas1", "domain": "nas1.bridge.culvert.internal"},
    {"tag": "bridge-nas1-2", "domain": "nas1.bridge.culvert.internal"}])"));
  EXPECT_EQ(made(yaml, "outbounds"), json(R"([
    {"tag": "tunnel", "protocol": "vmess", "settings": {"vnext": [{"address": "one.example.com", "port": 1,
      "users": [{"id": ")" ID R"(", "alterId": 0}]}]}},
    {"tag": "tunnel-2", "protocol": "vmess", "settings": {"vnext": [{"address": "2001:db8::2", "port": 2,
      "users": [{"id": ")" ID R"(", "alterId": 0}]}]}},
    {"tag": "svc-ssh", "protocol": "freedom", "settings": {"redirect": "nas.lan:22"}},
    {"tag": "deny", "protocol": "blackhole"}])"));
  EXPECT_EQ(made(yaml, "routing.rules"), json(R"([
    {"type": "field", "inboundTag": ["bridge-nas1"], "domain": ["full:nas1.bridge.culvert.internal"], "outboundTag": "tunnel"},
    {"type": "field", "inboundTag": ["bridge-nas1-2"], "domain": ["full:nas1.bridge.culvert.internal"], "outboundTag": "tunnel-2"},
    {"type": "field", "inboundTag": ["bridge-nas1", "bridge-nas1-2"], "domain": ["full:ssh.nas1.bridge.culvert.internal"],
     "network": "tcp", "outboundTag": "svc-ssh"},
    {"type": "field", "inboundTag": ["bridge-nas1", "bridge-nas1-2"], "domain": ["full:nas.lan"], "port": 22,
     "network": "tcp", "outboundTag": "svc-ssh"},
    {"type": "field", "inboundTag": ["bridge-nas1", "bridge-nas1-2"], "outboundTag": "deny"}])"));
}

TEST(ConvertBridge, KeepsThePortOfARangeAndLimitsItByRule) {
  const std::string yaml = bridge("  services: {range: \"udp://[::1]:6000-6002\"}\n");
  const Model model = modelOf(yaml);
  EXPECT_EQ(model.outbounds.at(1).settings["redirect"].text(), "[::1]:0");
  EXPECT_EQ(writeCanonicalJson(toV2Ray(model)["routing"]["rules"][1]), json(R"(
    {"type": "field", "inboundTag": ["bridge"], "domain": ["full:range.default.bridge.culvert.internal"],
     "network": "udp", "port": "6000-6002", "outboundTag": "svc-range"})"));
  EXPECT_EQ(writeCanonicalJson(toV2Ray(model)["routing"]["rules"][2]), json(R"(
    {"type": "field", "inboundTag": ["bridge"], "ip": ["::1"], "port": "6000-6002", "network": "udp",
     "outboundTag": "svc-range"})"));
}

TEST(ConvertBridge, AnswersForAnAddressOnce) {
  const Model model =
      modelOf(bridge("  services: {a: 127.0.0.1:53, b: 127.0.0.1:53, c: udp://127.0.0.1:53, "
                     "d: tcp+udp://127.0.0.1:54}\n"));
  std::string tags;
  for (const RuleConfig& rule : model.rules)
    tags += rule.outboundTag.text() + (rule.ip ? "/ip " : " ");
  EXPECT_EQ(tags, "tunnel svc-a svc-a/ip svc-b svc-c svc-c/ip svc-d svc-d/ip deny ");
  EXPECT_EQ(model.rules.at(6).network.text(), "tcp,udp");
}

TEST(ConvertBridge, LetsEverythingOutOnlyWhenAllowed_REACH_1) {
  const Model closed = modelOf(bridge("  services: {web: 127.0.0.1:80}\n"));
  EXPECT_EQ(closed.outbounds.back().protocol, "blackhole");
  EXPECT_EQ(closed.rules.back().outboundTag.text(), "deny");
  for (const OutboundConfig& outbound : closed.outbounds) {
    if (outbound.protocol == "freedom") {
      EXPECT_TRUE(outbound.settings["redirect"]) << outbound.tag;
    }
  }
  const std::string open = bridge("  allow: any\n");
  EXPECT_EQ(made(open, "outbounds").find("blackhole"), std::string::npos);
  EXPECT_EQ(modelOf(open).outbounds.back().tag, "out");
  EXPECT_EQ(modelOf(open).rules.back().outboundTag.text(), "out");
}

TEST(ConvertBridge, SaysWhichServicesThereAre) {
  const Model model = modelOf(
      bridge("  name: nas1\n  services: {web: 127.0.0.1:80, game: \"udp://[::1]:6000-6002\"}\n"));
  ASSERT_EQ(model.services.size(), 2U);
  EXPECT_EQ(model.services[0].name, "web");
  EXPECT_EQ(model.services[0].domain, "web.nas1.bridge.culvert.internal");
  EXPECT_EQ(model.services[1].host, "::1");
  EXPECT_EQ(model.services[1].ports, (PortRange{6000, 6002}));
  EXPECT_EQ(model.services[1].networks, (Networks{.tcp = false, .udp = true}));
}

TEST(ConvertBridge, SendsTheLegacyHeaderOnlyWhenToldTo_CRY_1) {
  const Model usual = modelOf(bridge("  alter_id: 64\n  services: {web: 127.0.0.1:80}\n"));
  const Node user = usual.outbounds.front().settings["vnext"][0]["users"][0];
  EXPECT_EQ(user["alterId"].text(), "64");
  EXPECT_FALSE(user["legacy"]);
  const Model legacy =
      modelOf(bridge("  alter_id: \"64\"\n  legacy: true\n  services: {web: 127.0.0.1:80}\n"));
  EXPECT_EQ(writeCanonicalJson(toV2Ray(legacy)["outbounds"][0]["settings"]["vnext"][0]["users"]),
            json(R"([{"id": ")" ID R"(", "alterId": 64, "legacy": true}])"));
}

// ---- portal

TEST(ConvertPortal, PublishesAServiceByItsName) {
  const std::string yaml = portal("  publish:\n    - {listen: 80, to: web}\n");
  EXPECT_EQ(
      made(yaml, "reverse"),
      json(R"({"portals": [{"tag": "portal", "domain": "default.bridge.culvert.internal"}]})"));
  EXPECT_EQ(made(yaml, "inbounds"), json(R"([
    {"tag": "external", "port": 80, "protocol": "dokodemo-door",
     "settings": {"address": "web.default.bridge.culvert.internal", "port": 80, "network": "tcp"}},
    {"tag": "tunnel", "port": 16823, "protocol": "vmess", "settings": {"clients": [{"id": ")" ID
                                         R"(", "alterId": 0}]}}])"));
  EXPECT_EQ(made(yaml, "routing.rules"), json(R"([
    {"type": "field", "inboundTag": ["external"], "outboundTag": "portal"},
    {"type": "field", "inboundTag": ["tunnel"], "domain": ["full:default.bridge.culvert.internal"], "outboundTag": "portal"}])"));
  EXPECT_EQ(made(yaml, "outbounds"), "none");
}

TEST(ConvertPortal, BindsEachIdToItsName_PORT_2) {
  const std::string yaml =
      "version: 1\nportal:\n  listen: 127.0.0.1:16823\n  bridges:\n    nas1: {id: " ID
      "}\n    nas2: {id: " ID2
      ", alter_id: 4, domain: two.example.com}\n"
      "  publish:\n    - {listen: 80, to: nas1/web}\n    - {listen: 81, to: nas2/web}\n";
  EXPECT_EQ(made(yaml, "inbounds"), json(R"([
    {"tag": "external-80", "port": 80, "protocol": "dokodemo-door",
     "settings": {"address": "web.nas1.bridge.culvert.internal", "port": 80, "network": "tcp"}},
    {"tag": "external-81", "port": 81, "protocol": "dokodemo-door",
     "settings": {"address": "web.two.example.com", "port": 81, "network": "tcp"}},
    {"tag": "tunnel", "listen": "127.0.0.1", "port": 16823, "protocol": "vmess", "settings": {"clients": [
      {"id": ")" ID R"(", "alterId": 0, "email": "nas1"}, {"id": ")" ID2
                                         R"(", "alterId": 4, "email": "nas2"}]}}])"));
  EXPECT_EQ(made(yaml, "routing.rules"), json(R"([
    {"type": "field", "inboundTag": ["external-80"], "outboundTag": "portal-nas1"},
    {"type": "field", "inboundTag": ["external-81"], "outboundTag": "portal-nas2"},
    {"type": "field", "inboundTag": ["tunnel"], "domain": ["full:nas1.bridge.culvert.internal"], "user": ["nas1"],
     "outboundTag": "portal-nas1"},
    {"type": "field", "inboundTag": ["tunnel"], "domain": ["full:two.example.com"], "user": ["nas2"],
     "outboundTag": "portal-nas2"}])"));
  EXPECT_EQ(made(yaml, "outbounds"), json(R"([{"tag": "deny", "protocol": "blackhole"}])"));
}

std::string inbounds(const std::string& publish) {
  std::string text;
  for (const InboundConfig& inbound : modelOf(portal("  publish:\n" + publish)).inbounds) {
    if (inbound.tag == "tunnel") continue;
    text += inbound.tag + " " + (inbound.listen.empty() ? "*" : toString(inbound.listen.front())) +
            ":" + std::to_string(inbound.port.from) + "/" + inbound.settings["network"].text() +
            " -> " + inbound.settings["address"].text() + ":" + inbound.settings["port"].text() +
            "\n";
  }
  return text;
}

TEST(ConvertPortal, NamesInboundsAfterNameOrPort) {
  EXPECT_EQ(inbounds("    - {listen: 80, to: 127.0.0.1:8080}\n"),
            "external *:80/tcp -> 127.0.0.1:8080\n");
  EXPECT_EQ(inbounds("    - {listen: 80, to: 127.0.0.1:8080, name: web}\n"),
            "external-web *:80/tcp -> 127.0.0.1:8080\n");
  EXPECT_EQ(inbounds("    - {listen: 51820/udp, to: 127.0.0.1:1}\n"),
            "external-udp *:51820/udp -> 127.0.0.1:1\n");
  EXPECT_EQ(
      inbounds("    - {listen: 53/tcp+udp, to: 127.0.0.1:1}\n    - {listen: localhost:54, to: "
               "127.0.0.1:2}\n"
               "    - {listen: 55-56/udp, to: 127.0.0.1:3, name: x}\n"),
      "external-53 *:53/tcp,udp -> 127.0.0.1:1\nexternal-54 127.0.0.1:54/tcp -> 127.0.0.1:2\n"
      "external-x-55-udp *:55/udp -> 127.0.0.1:3\nexternal-x-56-udp *:56/udp -> 127.0.0.1:3\n");
}

TEST(ConvertPortal, CountsThroughRanges) {
  EXPECT_EQ(
      inbounds("    - {listen: 6000-6002, to: 127.0.0.1:7000-7002}\n"),
      "external-6000 *:6000/tcp -> 127.0.0.1:7000\nexternal-6001 *:6001/tcp -> 127.0.0.1:7001\n"
      "external-6002 *:6002/tcp -> 127.0.0.1:7002\n");
  EXPECT_EQ(inbounds("    - {listen: 6000-6001, to: 127.0.0.1:80}\n"),
            "external-6000 *:6000/tcp -> 127.0.0.1:80\nexternal-6001 *:6001/tcp -> 127.0.0.1:80\n");
  const std::string domain = "range.default.bridge.culvert.internal:";
  EXPECT_EQ(inbounds("    - {listen: 16000-16001/udp, to: range, to_port: 6000, name: r}\n"),
            "external-r-16000-udp *:16000/udp -> " + domain +
                "6000\nexternal-r-16001-udp *:16001/udp -> " + domain + "6001\n");
  EXPECT_EQ(inbounds("    - {listen: 6000-6001, to: range}\n"),
            "external-6000 *:6000/tcp -> " + domain + "6000\nexternal-6001 *:6001/tcp -> " +
                domain + "6001\n");
}

TEST(ConvertPortal, ClosesWhoeverIsNotAllowed) {
  const std::string yaml =
      portal("  publish:\n    - {listen: 80-81, to: web, allow_from: [10.0.0.0/8, 2001:db8::1]}\n");
  EXPECT_EQ(made(yaml, "routing.rules"), json(R"([
    {"type": "field", "inboundTag": ["external-80", "external-81"], "source": ["10.0.0.0/8", "2001:db8::1"],
     "outboundTag": "portal"},
    {"type": "field", "inboundTag": ["external-80", "external-81"], "outboundTag": "deny"},
    {"type": "field", "inboundTag": ["tunnel"], "domain": ["full:default.bridge.culvert.internal"], "outboundTag": "portal"}])"));
  EXPECT_EQ(made(yaml, "outbounds"), json(R"([{"tag": "deny", "protocol": "blackhole"}])"));
}

TEST(ConvertPortal, PassesIdleOptionalAndUdpIdleOn) {
  const Model model =
      modelOf(portal("  publish:\n    - {listen: 53/udp, to: dns, idle: 90s, optional: true}\n"
                     "    - {listen: 80, to: web}\n") +
              "timeouts: {udp_idle: 2m}\n");
  EXPECT_EQ(model.inbounds[0].settings["timeout"].text(), "90");
  EXPECT_EQ(model.inbounds[0].settings["udpIdle"].text(), "120");
  EXPECT_TRUE(model.inbounds[0].optional);
  EXPECT_FALSE(model.inbounds[1].settings["timeout"]);
  EXPECT_FALSE(model.inbounds[1].settings["udpIdle"]);
  EXPECT_FALSE(model.inbounds[1].optional);
  EXPECT_EQ(model.policy.udpIdle, std::chrono::seconds(120));
}

// ---- the rest of a file

TEST(Convert, TurnsTimeoutsIntoThePolicyOfLevel0) {
  const std::string yaml = portal("  publish: {listen: 80, to: web}\n") +
                           "timeouts: {handshake: 30s, idle: 1h, half_close: 5m}\n";
  EXPECT_EQ(made(yaml, "policy"),
            json(R"({"levels": {"0": {"handshake": 30, "connIdle": 3600, "uplinkOnly": 300,
                                          "downlinkOnly": 300}}})"));
  EXPECT_EQ(made(portal("  publish: {listen: 80, to: web}\n") + "timeouts: {idle: 1h}\n", "policy"),
            json(R"({"levels": {"0": {"connIdle": 3600}}})"));
}

TEST(Convert, TakesFilesOfTheLogFromTheFoldersOwn) {
  const auto source = makeSource("/etc/culvert/config.yaml",
                                 portal("  publish: {listen: 80, to: web}\n") +
                                     "log: {level: warning, file: a.log, access: /var/b.log, "
                                     "format: json, addresses: none}\nthreads: 3\n",
                                 "/etc/culvert");
  Problems problems;
  const Model model = simpleToModel(parseYaml(source, problems), problems);
  EXPECT_EQ(problems.text(), "");
  EXPECT_EQ(model.log.level, LogLevel::Warning);
  EXPECT_EQ(model.log.file, "/etc/culvert/a.log");
  EXPECT_EQ(model.log.access, "/var/b.log");
  EXPECT_TRUE(model.log.json);
  EXPECT_EQ(model.log.addresses, LogConfig::Addresses::None);
  EXPECT_EQ(model.threads, 3);
  EXPECT_EQ(model.dialect, Dialect::Yaml);
  EXPECT_EQ(model.file, "/etc/culvert/config.yaml");
}

TEST(Convert, PutsDenyFirstWhenBothSectionsStandInAFile) {
  const Model model = modelOf(bridge("  services: {web: 127.0.0.1:80}\n") +
                              "portal: {listen: 1, id: " ID2 ", publish: {listen: 80, to: web}}\n");
  std::string tags;
  for (const OutboundConfig& outbound : model.outbounds) tags += outbound.tag + " ";
  EXPECT_EQ(tags, "deny tunnel svc-web ");
  tags.clear();
  for (const RuleConfig& rule : model.rules) tags += rule.outboundTag.text() + " ";
  EXPECT_EQ(tags, "tunnel svc-web svc-web deny portal portal ");
  EXPECT_EQ(modelOf(bridge("  allow: any\n") + "portal: {listen: 1, id: " ID2
                                               ", publish: {listen: 80, to: web}}\n")
                .outbounds.front()
                .tag,
            "deny");
}

TEST(Convert, KeepsPlacesAndPathsOfWhatItMakes) {
  const Model model = modelOf(bridge("  services:\n    web: 127.0.0.1:80\n"));
  const Node user = model.outbounds[0].settings["vnext"][0]["users"][0];
  EXPECT_EQ(user["id"].path(), "bridge.id");
  EXPECT_EQ(user["id"].place().line, 4);
  EXPECT_TRUE(user["id"].isSecret());
  EXPECT_EQ(model.outbounds[1].place.line, 6);
  EXPECT_EQ(model.services[0].place.line, 6);
}

TEST(Convert, ReadsServerListenAndIdThroughReferences) {
  ::setenv("CULVERT_TEST_SERVER", "hidden.example.com:7", 1);
  ::setenv("CULVERT_TEST_ID", ID, 1);
  ::setenv("CULVERT_TEST_LISTEN", "127.0.0.1:7", 1);
  const Model one = modelOf(
      "version: 1\nbridge:\n  server: {env: CULVERT_TEST_SERVER}\n  id: {env: CULVERT_TEST_ID}\n"
      "  services: {web: 127.0.0.1:80}\n");
  const Node peer = one.outbounds[0].settings["vnext"][0];
  EXPECT_EQ(peer["address"].text(), "hidden.example.com");
  EXPECT_EQ(peer["port"].text(), "7");
  EXPECT_EQ(peer["users"][0]["id"].text(), ID);
  EXPECT_TRUE(peer["address"].reference());
  const Model two = modelOf(
      "version: 1\nportal:\n  listen: {env: CULVERT_TEST_LISTEN}\n  id: {env: CULVERT_TEST_ID}\n"
      "  publish: {listen: 80, to: web}\n");
  EXPECT_EQ(two.inbounds[1].port.from, 7);
  EXPECT_EQ(toString(two.inbounds[1].listen.at(0)), "127.0.0.1");

  ::setenv("CULVERT_TEST_SERVER", "hidden.example.com", 1);
  const Problems problems =
      loadText("f", "version: 1\nbridge: {server: {env: CULVERT_TEST_SERVER}, id: " ID
                    ", services: {web: a:1}}\n")
          .problems;
  EXPECT_EQ(heads(problems), "2:18: error: bridge.server: expected \"host:port\", got (hidden)\n");
  EXPECT_EQ(problems.text().find("hidden.example"), std::string::npos);
}

}  // namespace
}  // namespace culvert::config

// The mistakes people make in the friendly YAML, and the sections that are right.
#include "config/ConfigText.h"
#include "config/Convert.h"
#include "config/Simple.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::config {
namespace {

std::string told(const std::string& text) {
  return heads(loadText("config.yaml", text).problems);
}

#define ID "3c1e5d2a-7b64-4f08-9a6e-51f0c2d4b7a9"
#define ID2 "6d0a9f3b-2c58-4e17-8b4d-90e1d3c5a7f2"

// ---- Whole files, good and bad.

class SimpleFiles : public testing::TestWithParam<MessageCase> {};
TEST_P(SimpleFiles, AreAnsweredWithPlaceKeyAndRemedy) {
  EXPECT_EQ(told(GetParam().text), GetParam().expected);
}

const MessageCase kFiles[] = {
    {"Good", "version: 1\nbridge: {server: a.b:1, id: " ID ", services: {web: 127.0.0.1:80}}\n",
     ""},
    {"GoodPortal", "version: 1\nportal: {listen: 1, id: " ID ", publish: {listen: 80, to: web}}\n",
     ""},
    // the examples of the manual
    {"MisspeltSection", "version: 1\nbrigde:\n  x: 1\n",
     "2:1: error: brigde: unknown key; did you mean \"bridge\"?\n"},
    {"LetterO",
     "version: 1\nportal:\n  listen: 1\n  id: " ID
     "\n  publish:\n    - listen: 8O\n      to: web\n",
     "6:15: error: portal.publish[0].listen: expected a port such as 80 or 51820/udp, got \"8O\" "
     "(letter O?)\n"},
    {"LeadingZero",
     "version: 1\nportal:\n  listen: 1\n  id: " ID
     "\n  publish:\n    - listen: 080\n      to: web\n",
     "6:15: error: portal.publish[0].listen: write 80, numbers must not start with 0\n"},
    {"UnknownBridge",
     "version: 1\nportal:\n  listen: 1\n  bridges: {nas1: {id: " ID "}, nas2: {id: " ID2
     "}}\n  publish:\n    - listen: 80\n      to: nas3/web\n",
     "7:11: error: portal.publish[0].to: no bridge \"nas3\" under portal.bridges (there are: nas1, "
     "nas2)\n"},
    {"WhichBridge",
     "version: 1\nportal:\n  listen: 1\n  bridges: {nas1: {id: " ID "}, nas2: {id: " ID2
     "}}\n  publish:\n    - listen: 80\n      to: web\n",
     "7:11: error: portal.publish[0].to: which bridge? write nas1/web or nas2/web\n"},
    {"KeyTwice",
     "version: 1\nbridge:\n  # comment\n  id: " ID
     "\n  server: a.b:1\n  services:\n    web: 127.0.0.1:80\n\n  id: " ID "\n",
     "9:3: error: bridge.id: given twice\n4:3: note: first here, line 4\n"},
    {"PortTwice",
     "version: 1\nportal:\n  listen: 1\n  id: " ID
     "\n  publish:\n    - listen: 80\n      to: web\n    - listen: 80\n      to: ssh\n      name: "
     "ssh\n",
     "8:15: error: portal.publish[1] (ssh).listen: port 80/tcp is already used by "
     "portal.publish[0] (web), line 6\n"
     "6:15: note: used here\n"},
    {"ShortId", "version: 1\nbridge: {server: a.b:1, id: 1234, services: {web: 127.0.0.1:80}}\n",
     "2:29: error: bridge.id: expected a UUID, 36 characters; \"culvert id\" makes one\n"},
    {"AnIdInTheWrongPlaceIsNotTold_KEY_4", "version: " ID "\nbridge: {server: " ID "}\n",
     "1:10: error: version: expected a number from 0 to 1000000, got (hidden)\n"
     "2:9: error: bridge.id: is missing\n"
     "2:18: error: bridge.server: expected \"host:port\", got (hidden)\n"},
    {"Tab", "version: 1\nportal:\n\tlisten: 80\n",
     "3:1: error: a tab is used for indentation; YAML needs spaces\n"},
    {"StarName",
     "version: 1\nportal:\n  publish:\n    - listen: 443\n      hosts:\n        *.example.com: "
     "nas1/web\n",
     "6:9: error: put the name in quotes: \"*.example.com\"\n"},
    {"BracketsWithoutQuotes", "version: 1\nportal:\n  publish:\n    - listen: [::]:80\n",
     "4:15: error: put the address in quotes: \"[::]:80\"\n"},
    {"ServicesAsList",
     "version: 1\nbridge:\n  server: a.b:1\n  id: " ID "\n  services:\n    - web: 127.0.0.1:80\n",
     "6:5: error: bridge.services: expected a map (web: 127.0.0.1:80), got a list; remove the \"- "
     "\"\n"},
    {"NewerVersion", "version: 2\nfuture: 1\n",
     "1:10: error: version: this file needs a newer Culvert (version 2, this program reads 1)\n"},
    // the root
    {"VersionMissing", "bridge: {server: a.b:1, id: " ID ", services: {web: 127.0.0.1:80}}\n",
     "1:1: warning: version: is missing; taken as 1\n"},
    {"VersionZero", "version: 0\n", "1:10: error: version: expected 1, got 0\n"},
    {"VersionWord", "version: one\nadvanced: {outbounds: [{protocol: blackhole}]}\n",
     "1:10: error: version: expected a number from 0 to 1000000, got \"one\"\n"},
    {"Nothing", "version: 1\n", "1:1: error: nothing to do: expected bridge, portal or advanced\n"},
    {"List", "- bridge\n", "1:1: error: expected a map of bridge, portal, ..., got a list\n"},
    {"EmptySection", "version: 1\nbridge:\n", "2:1: error: bridge: is empty\n"},
    {"SectionAsText", "version: 1\nbridge: yes\n",
     "2:9: error: bridge: expected a map, got \"yes\"\n"},
    {"ThreadsZero", "version: 1\nthreads: 0\nadvanced: {}\n",
     "2:10: error: threads: expected a number from 1 to 64, got 0\n"},
    {"ThreadsMany", "version: 1\nthreads: 65\nadvanced: {}\n",
     "2:10: error: threads: expected a number from 1 to 64, got 65\n"},
    {"CaseMatters", "version: 1\nBridge: {}\n",
     "2:1: error: Bridge: unknown key; did you mean \"bridge\"?\n"},
    {"V2RayAtTheRoot", "version: 1\ninbounds: []\n", "2:1: error: inbounds: unknown key\n"},
    {"AllAtOnce",
     "version: 1\nbridge:\n  server: vps\n  id: x\n  services: {Web: http://a}\nportal: {listen: "
     "0}\n",
     "3:11: error: bridge.server: expected \"host:port\", got \"vps\"\n"
     "4:7: error: bridge.id: expected a UUID, 36 characters; \"culvert id\" makes one\n"
     "5:14: error: bridge.services.Web: expected a name such as web or nas-1, got \"Web\"\n"
     "6:9: error: portal.publish: is missing\n"
     "6:18: error: portal.listen: expected a port from 1 to 65535, got \"0\"\n"},
};
INSTANTIATE_TEST_SUITE_P(Table, SimpleFiles, testing::ValuesIn(kFiles),
                         [](const auto& one) { return caseName(one.param); });

// ---- One key at a time.  The lines are those of a section that is right but for them.

std::string bridgeWith(const std::string& lines) {
  std::string text = "version: 1\nbridge:\n";
  for (const char* usual : {"server: a.b:1", "id: " ID, "services: {web: 127.0.0.1:80}"}) {
    const std::string key = std::string(usual).substr(0, std::string(usual).find(':') + 1);
    const bool given = lines.starts_with(key) || lines.find("\n" + key) != std::string::npos ||
                       lines.find("-" + key) != std::string::npos;
    if (!given) text += "  " + std::string(usual) + "\n";
  }
  if (lines.starts_with("-")) return text;  // left out
  text += "  ";
  for (const char c : lines) text += c == '\n' ? std::string("\n  ") : std::string(1, c);
  return text + "\n";
}

struct KeyCase {
  const char* lines;
  const char* expected;  // without the place
};
void PrintTo(const KeyCase& one, std::ostream* out) {
  *out << one.lines;
}

std::string withoutPlaces(const std::string& heads) {
  std::istringstream lines(heads);
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(": note: ") == std::string::npos) all += line.substr(line.find(": ") + 2) + "\n";
  }
  return all;
}

class BridgeKeys : public testing::TestWithParam<KeyCase> {};
TEST_P(BridgeKeys, AreJudged) {
  EXPECT_EQ(withoutPlaces(told(bridgeWith(GetParam().lines))), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BridgeKeys,
    testing::ValuesIn(std::vector<KeyCase>{
        {"server: [a.b:1, \"[2001:db8::1]:2\"]", ""},
        {"server: \"a.b:1\"", ""},
        {"server: []", "error: bridge.server: is empty\n"},
        {"server: [a.b:1, a.b:1]", "error: bridge.server[1]: given twice\n"},
        {"server: {host: a.b}", "error: bridge.server: expected \"host:port\", got a map\n"},
        {"server: true", "error: bridge.server: expected \"host:port\", got true\n"},
        {"server:", "error: bridge.server: is empty\n"},
        {"server: ~", "error: bridge.server: is empty\n"},
        {"-server:", "error: bridge.server: is missing\n"},
        {"-id:", "error: bridge.id: is missing\n"},
        {"id: " ID "0",
         "error: bridge.id: expected a UUID, 36 characters; \"culvert id\" makes one\n"},
        {"id: 3c1e5d2a7b644f089a6e51f0c2d4b7a9", ""},
        {"id: [" ID "]", "error: bridge.id: expected a UUID, 36 characters, got a list\n"},
        {"id: {environment: X}", "error: bridge.id: expected a UUID, 36 characters, got a map\n"},
        {"id: b831381d-6324-4d53-ad4f-8cda48b30811",
         "warning: bridge.id: this id stands in public manuals, so everybody knows it\n"},
        {"-services:",
         "error: bridge: nothing to expose: expected services, e.g. services: {web: "
         "127.0.0.1:80}\n"},
        {"services: {}",
         "error: bridge.services: nothing to expose: expected services, e.g. services: {web: "
         "127.0.0.1:80}\n"},
        {"services: {web: }", "error: bridge.services.web: is empty\n"},
        {"services: {web: 80}",
         "error: bridge.services.web: expected a target such as 127.0.0.1:80 or "
         "udp://127.0.0.1:51820, got 80\n"},
        {"services: {web: http://127.0.0.1:80/}",
         "error: bridge.services.web: expected a target such as 127.0.0.1:80 or "
         "udp://127.0.0.1:51820, got "
         "\"http://127.0.0.1:80/\"\n"},
        {"services: {web: {env: X}}",
         "error: bridge.services.web: expected a target such as 127.0.0.1:80 or "
         "udp://127.0.0.1:51820, got a map\n"},
        {"services: {a: tcp+udp://127.0.0.1:53, b: udp://127.0.0.1:6000-6002}", ""},
        {"services: web",
         "error: bridge.services: expected a map (web: 127.0.0.1:80), got \"web\"\n"},
        {"name: nas1", ""},
        {"name: Nas1", "error: bridge.name: expected a name such as web or nas-1, got \"Nas1\"\n"},
        {"name: true", "error: bridge.name: expected a name such as web or nas-1, got true\n"},
        {"name: 1", "error: bridge.name: expected a name such as web or nas-1, got 1\n"},
        {"domain: Private.Cloud.com", ""},
        {"domain: private..com",
         "error: bridge.domain: expected a domain such as private.cloud.com, got "
         "\"private..com\"\n"},
        {"alter_id: 0", ""},
        {"alter_id: \"0\"", ""},
        {"alter_id: 64",
         "warning: bridge.alter_id: has no effect without legacy: AEAD headers are sent\n"},
        {"alter_id: 65536",
         "error: bridge.alter_id: expected a number from 0 to 65535, got 65536\n"},
        {"alter_id: 064", "error: bridge.alter_id: write 64, numbers must not start with 0\n"},
        {"alter_id: 0x40",
         "error: bridge.alter_id: expected a number from 0 to 65535, got \"0x40\"\n"},
        {"alterId: 64", "error: bridge.alterId: unknown key; did you mean \"alter_id\"?\n"},
        {"legacy: false", ""},
        {"legacy: true",
         "error: bridge.legacy: needs alter_id above 0, the same as at the portal\n"},
        {"alter_id: 1\nlegacy: true", "warning: bridge.legacy: legacy header: no integrity\n"},
        {"legacy: yes", "error: bridge.legacy: expected true or false, got \"yes\"\n"},
        {"legacy: \"true\"", "error: bridge.legacy: expected true or false, got \"true\"\n"},
        {"legacy: 1", "error: bridge.legacy: expected true or false, got 1\n"},
        {"allow: any",
         "warning: bridge.services: services do not restrict anything beside allow: any\n"
         "warning: bridge.allow: the portal can reach everything that this machine can\n"},
        {"services: {}\nallow: any",
         "warning: bridge.allow: the portal can reach everything that this machine can\n"},
        {"allow: all", "error: bridge.allow: expected any, got \"all\"\n"},
        {"protocol: vmess", ""},
        {"protocol: vless",
         "error: bridge.protocol: expected vmess or shadowsocks, got \"vless\"; did you mean "
         "\"vmess\"?\n"},
        {"protocol: shadowsocks", "error: bridge.protocol: not in this version\n"},
        {"protocol: shadowsocks\nmethod: aes-256-gcm\npassword: x",
         "error: bridge.protocol: not in this version\nerror: bridge.method: not in this version\n"
         "error: bridge.password: not in this version\n"},
        {"transport: ws", "error: bridge.transport: not in this version\n"},
        {"transport: {type: ws, path: /t}", "error: bridge.transport: not in this version\n"},
        {"tls: true", "error: bridge.tls: not in this version\n"},
        {"password: x", "error: bridge.password: not in this version\n"},
        {"publish: []", "error: bridge.publish: unknown key\n"},
        {"token: x", "error: bridge.token: unknown key\n"},
        {"servces: {web: 127.0.0.1:80}",
         "error: bridge.servces: unknown key; did you mean \"services\"?\n"},
    }));

std::string publishWith(const std::string& lines) {
  std::string text = "version: 1\nportal:\n  listen: 16823\n  id: " ID "\n  publish:\n    - ";
  for (const char c : lines) text += c == '\n' ? std::string("\n      ") : std::string(1, c);
  return text + "\n";
}
class PublishKeys : public testing::TestWithParam<KeyCase> {};
TEST_P(PublishKeys, AreJudged) {
  EXPECT_EQ(withoutPlaces(told(publishWith(GetParam().lines))), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PublishKeys,
    testing::ValuesIn(std::vector<KeyCase>{
        {"listen: 80\nto: web", ""},
        {"listen: localhost:80\nto: web", ""},
        {"listen: \"[::1]:80\"\nto: web", ""},
        {"listen: 6000-6002\nto: web\nto_port: 7000", ""},
        {"to: web", "error: portal.publish[0].listen: is missing\n"},
        {"listen: 80", "error: portal.publish[0].to: is missing\n"},
        {"listen: [80, 81]\nto: web",
         "error: portal.publish[0].listen: expected a port such as 80 or 51820/udp, got a list\n"},
        {"listen: 80\nto: nas1/web",
         "error: portal.publish[0].to: no bridge \"nas1\"; there is one without a name\n"},
        {"listen: 80\nto: Web",
         "error: portal.publish[0].to: expected a service such as web or nas1/web, or host:port, "
         "got \"Web\"\n"},
        {"listen: 80\nto: 127.0.0.1:80-82",
         "error: portal.publish[0].to: expected as many ports as listen has (1), got 3\n"},
        {"listen: 80-82\nto: 127.0.0.1:90-92", ""},
        {"listen: 80-82\nto: 127.0.0.1:90", ""},
        {"listen: 80\nto: 127.0.0.1:80\nto_port: 81",
         "error: portal.publish[0].to_port: goes with a service only; write the port behind the "
         "address in to\n"},
        {"listen: 80-82\nto: web\nto_port: 65534",
         "error: portal.publish[0].to_port: the range would end beyond port 65535\n"},
        {"listen: 80\nto: web\nto_port: 0",
         "error: portal.publish[0].to_port: expected a number from 1 to 65535, got 0\n"},
        {"listen: 80\nto: web\nname: my_web",
         "error: portal.publish[0] (my_web).name: expected a name such as web or nas-1, got "
         "\"my_web\"\n"},
        {"listen: 80\nto: web\nallow_from: 10.0.0.0/8", ""},
        {"listen: 80\nto: web\nallow_from: [10.0.0.0/8, 2001:db8::1]", ""},
        {"listen: 80\nto: web\nallow_from: []", "error: portal.publish[0].allow_from: is empty\n"},
        {"listen: 80\nto: web\nallow_from: [10.0.0.0/40]",
         "error: portal.publish[0].allow_from[0]: expected an address or a network such as "
         "192.0.2.7 or "
         "198.51.100.0/24, got \"10.0.0.0/40\"\n"},
        {"listen: 80\nto: web\nidle: 10m", ""},
        {"listen: 80\nto: web\nidle: 0s",
         "error: portal.publish[0].idle: expected at least 1s, got \"0s\"\n"},
        {"listen: 80\nto: web\nidle: 600",
         "error: portal.publish[0].idle: expected a duration in whole seconds such as 90s or 2h, "
         "got 600\n"},
        {"listen: 80\nto: web\noptional: true", ""},
        {"listen: 80\nto: web\noptional: on",
         "error: portal.publish[0].optional: expected true or false, got \"on\"\n"},
        {"listen: 443\nhosts: {a.b: web}", "error: portal.publish[0].hosts: not in this version\n"},
        {"listen: 443\nto: web\ndefault: web",
         "error: portal.publish[0].default: not in this version\n"},
        {"listen: 443\nto: web\nproxy_protocol: v2",
         "error: portal.publish[0].proxy_protocol: not in this version\n"},
        {"listen: 443\nto: web\naccept_proxy_protocol: [127.0.0.1]",
         "error: portal.publish[0].accept_proxy_protocol: not in this version\n"},
        {"listen: 443\nto: web\ntls: {cert: a, key: b}",
         "error: portal.publish[0].tls: not in this version\n"},
        {"listen: 80\nto: web\nallow_form: 10.0.0.1",
         "error: portal.publish[0].allow_form: unknown key; did you mean \"allow_from\"?\n"},
        {"remotePort: 80\nlisten: 80\nto: web",
         "error: portal.publish[0].remotePort: unknown key\n"},
        // reachable by everybody
        {"listen: 3389\nto: web",
         "warning: portal.publish[0].listen: port 3389 is reachable by everybody\n"},
        {"listen: 20-25\nto: web",
         "warning: portal.publish[0].listen: port 20-25 is reachable by everybody\n"},
        {"listen: 8080\nto: 192.168.1.20:445",
         "warning: portal.publish[0].to: port 445 is reachable by everybody\n"},
        {"listen: \"0.0.0.0:5900\"\nto: web",
         "warning: portal.publish[0].listen: port 5900 is reachable by everybody\n"},
        {"listen: 192.0.2.1:3389\nto: web", ""},
        {"listen: 3389\nto: web\nallow_from: 192.0.2.1", ""},
        {"listen: 22\nto: web", ""},
        // collisions
        {"listen: 16823\nto: web",
         "error: portal.publish[0].listen: port 16823/tcp is already used by portal.listen, line "
         "3\n"},
        {"listen: 16823/udp\nto: web", ""},
    }));

std::string portalWith(const std::string& lines) {
  std::string text = "version: 1\nportal:\n";
  if (lines.find("listen:") != 0) text += "  listen: 16823\n";
  text += "  ";
  for (const char c : lines) text += c == '\n' ? std::string("\n  ") : std::string(1, c);
  text += "\n";
  if (lines.find("publish:") == std::string::npos) text += "  publish: {listen: 80, to: web}\n";
  return text;
}
class PortalKeys : public testing::TestWithParam<KeyCase> {};
TEST_P(PortalKeys, AreJudged) {
  EXPECT_EQ(withoutPlaces(told(portalWith(GetParam().lines))), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PortalKeys,
    testing::ValuesIn(std::vector<KeyCase>{
        {"id: " ID, ""},
        {"domain: a.b", "error: portal.id: is missing\n"},
        {"listen: 1-2\nid: " ID, "error: portal.listen: expected one TCP port, got \"1-2\"\n"},
        {"listen: 1/udp\nid: " ID, "error: portal.listen: expected one TCP port, got \"1/udp\"\n"},
        {"listen: 127.0.0.1:1\nid: " ID, ""},
        {"id: " ID "\nalter_id: 4",
         "warning: portal.alter_id: legacy headers are accepted: they have no integrity\n"},
        {"bridges: {nas1: {id: " ID "}}", ""},
        {"bridges: {nas1: {id: " ID ", alter_id: 4}}",
         "warning: portal.bridges.nas1.alter_id: legacy headers are accepted: they have no "
         "integrity\n"},
        {"bridges: {nas1: {}}", "error: portal.bridges.nas1.id: is missing\n"},
        {"bridges: {nas1: " ID "}", "error: portal.bridges.nas1: expected a map, got (hidden)\n"},
        {"bridges: {}", "error: portal.bridges: is empty\n"},
        {"bridges: [nas1]",
         "error: portal.bridges: expected a map (nas1: {id: ...}), got a list; remove the \"- "
         "\"\n"},
        {"bridges: {nas1: {id: " ID ", password: x}}",
         "error: portal.bridges.nas1.password: not in this version\n"},
        {"bridges: {nas1: {id: " ID "}}\nid: " ID2,
         "error: portal.id: does not go with bridges; it belongs into each of them\n"},
        {"bridges: {nas1: {id: " ID "}}\nalter_id: 0\ndomain: a.b",
         "error: portal.alter_id: does not go with bridges; it belongs into each of them\n"
         "error: portal.domain: does not go with bridges; it belongs into each of them\n"},
        {"bridges: {nas1: {id: " ID "}, nas2: {id: " ID "}}\npublish: {listen: 80, to: nas1/web}",
         "error: portal.bridges.nas2.id: each bridge needs an id of its own\n"},
        {"bridges: {nas1: {id: " ID "}, nas2: {id: " ID2
         ", domain: nas1.bridge.culvert.internal}}\n"
         "publish: {listen: 80, to: nas1/web}",
         "error: portal.bridges.nas2: each bridge needs a domain of its own, got "
         "\"nas1.bridge.culvert.internal\"\n"},
        {"id: " ID "\npublish: []", "error: portal.publish: is empty; nothing to publish\n"},
        {"id: " ID "\npublish: [80]", "error: portal.publish[0]: expected a map, got 80\n"},
        {"id: " ID "\npublish:\n  - {listen: 80, to: a}\n  - {listen: 80/udp, to: b}", ""},
        {"id: " ID "\npublish:\n  - {listen: 192.0.2.1:80, to: a}\n  - {listen: 192.0.2.2:80, to: "
         "b, name: two}",
         ""},
        {"id: " ID
         "\npublish:\n  - {listen: 192.0.2.1:80, to: a}\n  - {listen: 192.0.2.2:80, to: b}",
         "error: portal.publish[1].listen: tag \"external-80\" is already that of "
         "portal.publish[0]; give it a name\n"},
        {"id: " ID
         "\npublish:\n  - {listen: 80, to: a}\n  - {listen: 192.0.2.2:80, to: b, name: two}",
         "error: portal.publish[1] (two).listen: port 80/tcp is already used by portal.publish[0] "
         "(a), line 6\n"},
        {"id: " ID "\npublish:\n  - {listen: \"0.0.0.0:80\", to: a, name: x}\n  - {listen: "
         "\"[::]:80\", to: b, name: y}",
         ""},
        {"id: " ID "\npublish:\n  - {listen: 80, to: a, name: x}\n  - {listen: 81, to: b, name: x}",
         "error: portal.publish[1] (x).name: the name is already used by portal.publish[0] (x)\n"},
        {"id: " ID
         "\npublish:\n  - {listen: 6000-6010, to: a}\n  - {listen: 6005, to: 127.0.0.1:1}",
         "error: portal.publish[1].listen: port 6005/tcp is already used by portal.publish[0] (a), "
         "line 6\n"},
        {"id: " ID "\npublish:\n  - {listen: 20000-21024, to: a}",
         "error: portal.publish: more than 1024 ports to listen on (1025)\n"},
        {"id: " ID "\npublish:\n  - {listen: 20000-21022, to: a}", ""},
        {"protocol: shadowsocks", "error: portal.protocol: not in this version\n"},
        {"id: " ID "\ntransport: tcp", "error: portal.transport: not in this version\n"},
        {"id: " ID "\ntls: {cert: a, key: b}", "error: portal.tls: not in this version\n"},
        {"id: " ID "\nmethod: aes-256-gcm", "error: portal.method: not in this version\n"},
        {"id: " ID "\nservices: {web: 127.0.0.1:80}", "error: portal.services: unknown key\n"},
    }));

std::string rootWith(const std::string& lines) {
  return "version: 1\nportal: {listen: 1, id: " ID ", publish: {listen: 80, to: web}}\n" + lines +
         "\n";
}
class RootKeys : public testing::TestWithParam<KeyCase> {};
TEST_P(RootKeys, AreJudged) {
  EXPECT_EQ(withoutPlaces(told(rootWith(GetParam().lines))), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RootKeys,
    testing::ValuesIn(std::vector<KeyCase>{
        {"log: {level: debug, file: a.log, access: stdout, format: json, addresses: short}", ""},
        {"log: {level: warn}",
         "error: log.level: expected debug, info, warning, error or none, got \"warn\"\n"},
        {"log: {level: }", "error: log.level: is empty\n"},
        {"log: {file: }", "error: log.file: is empty\n"},
        {"log: {file: \"\"}", "error: log.file: expected a file name, got \"\"\n"},
        {"log: {format: xml}", "error: log.format: expected text or json, got \"xml\"\n"},
        {"log: {addresses: some}",
         "error: log.addresses: expected full, short or none, got \"some\"\n"},
        {"log: {loglevel: info}", "error: log.loglevel: unknown key\n"},
        {"log: info", "error: log: expected a map, got \"info\"\n"},
        {"timeouts: {handshake: 30s, idle: 1h, udp_idle: 90s, half_close: 0s}", ""},
        {"timeouts: {handshake: 0s}",
         "error: timeouts.handshake: expected at least 1s, got \"0s\"\n"},
        {"timeouts: {idle: 7200}",
         "error: timeouts.idle: expected a duration in whole seconds such as 90s or 2h, got "
         "7200\n"},
        {"timeouts: {udp_idle: 1500ms}",
         "error: timeouts.udp_idle: expected a duration in whole seconds such as 90s or 2h, got "
         "\"1500ms\"\n"},
        {"timeouts: {connIdle: 300s}", "error: timeouts.connIdle: unknown key\n"},
        {"threads: 64", ""},
        {"threads: \"2\"", ""},
        {"threads: two", "error: threads: expected a number from 1 to 64, got \"two\"\n"},
        {"listen: 80", "error: listen: unknown key\n"},
        {"tls: true", "error: tls: unknown key\n"},
    }));

// ---- Advice for keys that stand elsewhere or come from another program.

std::string hintFor(const std::string& text) {
  const Problems problems = loadText("config.yaml", text).problems;
  return problems.all().empty() ? "" : problems.all().front().hint;
}

TEST(SimpleHints, SayWhereAKeyBelongs) {
  EXPECT_EQ(hintFor("version: 1\npublish: []\n"),
            "\"publish\" belongs under portal:; check the indentation");
  EXPECT_EQ(hintFor("version: 1\nservices: {}\n"),
            "\"services\" belongs under bridge:; check the indentation");
  EXPECT_EQ(hintFor(bridgeWith("to_port: 1")),
            "\"to_port\" belongs under portal.publish:; check the indentation");
}

TEST(SimpleHints, TranslateTheKeysOfOtherPrograms) {
  EXPECT_NE(hintFor("version: 1\nserverAddr: a.b\n").find("bridge.server"), std::string::npos);
  EXPECT_NE(hintFor(bridgeWith("token: x")).find("id"), std::string::npos);
  EXPECT_NE(hintFor(bridgeWith("localPort: 80")).find("bridge.services"), std::string::npos);
  EXPECT_NE(hintFor("version: 1\noutbounds: []\n").find("advanced:"), std::string::npos);
}

TEST(SimpleHints, OfAPortAndAService) {
  EXPECT_EQ(hintFor(bridgeWith("server: vps.example.com")),
            "add the port the portal listens on, e.g. vps.example.com:16823");
  EXPECT_EQ(hintFor(bridgeWith("services: {web: http://127.0.0.1}")),
            "a web server is tcp: 127.0.0.1:80");
  EXPECT_EQ(hintFor(publishWith("listen: 80\nto: nas1/web")), "write web");
}

TEST(SimpleMessages, NeverRepeatAnId_KEY_4) {
  const std::string secret = "b831381d-6324-4d53-ad4f-8cda48b30811";
  for (const std::string& text :
       {bridgeWith("id: " + secret + "x"), bridgeWith("id: [" + secret + "]"),
        "version: 1\nbridge: {id: " + secret + ", id: " + secret + ", server: x}\n",
        bridgeWith("id: " + secret)}) {
    const Problems problems = loadText("config.yaml", text).problems;
    EXPECT_FALSE(problems.all().empty());
    EXPECT_EQ(problems.text().find("b831381d"), std::string::npos) << problems.text();
    EXPECT_EQ(problems.json().find("b831381d"), std::string::npos);
  }
}

}  // namespace
}  // namespace culvert::config

// Section `advanced`, alone and beside the others.
#include "config/ConfigText.h"
#include "config/Model.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

#define ID "3c1e5d2a-7b64-4f08-9a6e-51f0c2d4b7a9"

std::string beside(const std::string& advanced) {
  return "version: 1\nportal: {listen: 1, id: " ID
         ", publish: [{listen: 80, to: web}]}\nadvanced:\n" +
         advanced;
}
std::string told(const std::string& text) {
  return heads(loadText("config.yaml", text).problems);
}

TEST(Advanced, AloneMeansWhatTheJsonMeans) {
  const Loaded yaml =
      loadText("config.yaml",
               "version: 1\nadvanced:\n  reverse:\n    portals:\n      - {tag: portal, domain: "
               "private.cloud.com}\n"
               "  inbounds:\n    - tag: external\n      port: 80\n      protocol: dokodemo-door\n"
               "      settings: {address: 127.0.0.1, port: 80, network: tcp}\n"
               "    - tag: tunnel\n      port: 16823\n      protocol: vmess\n      settings:\n     "
               "   clients:\n"
               "          - {id: b831381d-6324-4d53-ad4f-8cda48b30811, alterId: 64}\n"
               "  routing:\n    rules:\n      - {inboundTag: [external], outboundTag: portal}\n"
               "      - {type: field, inboundTag: [tunnel], domain: [\"full:private.cloud.com\"], "
               "outboundTag: portal}\n");
  const Loaded json = loadText("seed.json", dataFile("seed/node-b-portal.json"));
  EXPECT_EQ(yaml.problems.errors(), 0U) << yaml.problems.text();
  EXPECT_TRUE(sameModel(yaml.model, json.model));
}

TEST(Advanced, StandsBehindWhatIsGeneratedAndDenyIsFirst) {
  const Loaded loaded = loadText(
      "config.yaml", beside("  inbounds:\n    - {tag: more, port: 9, protocol: dokodemo-door, "
                            "settings: {address: 127.0.0.1, port: 9}}\n"
                            "  outbounds:\n    - {tag: free, protocol: freedom}\n"
                            "  routing: {rules: [{inboundTag: [more], outboundTag: portal}]}\n"));
  EXPECT_EQ(loaded.problems.errors(), 0U) << loaded.problems.text();
  std::string tags;
  for (const InboundConfig& inbound : loaded.model.inbounds) tags += inbound.tag + " ";
  for (const OutboundConfig& outbound : loaded.model.outbounds) tags += outbound.tag + " ";
  for (const RuleConfig& rule : loaded.model.rules) tags += rule.outboundTag.text() + " ";
  EXPECT_EQ(tags, "external tunnel more deny free portal portal deny portal ");
}

TEST(Advanced, MustNotRepeatAGeneratedTag_CFG_3) {
  EXPECT_EQ(
      told(beside(
          "  inbounds:\n    - {tag: tunnel, port: 9, protocol: vmess, settings: {clients: [{id: " ID
          "}]}}\n")),
      "5:13: error: advanced.inbounds[0] (tunnel).tag: tag \"tunnel\" is already that of what "
      "portal makes\n"
      "2:9: note: made from here\n");
}

TEST(Advanced, MustNotRuleAGeneratedInbound) {
  EXPECT_EQ(told(beside("  routing: {rules: [{inboundTag: [external], outboundTag: deny}]}\n")),
            "4:35: error: advanced.routing.rules[0].inboundTag[0]: the rule can never match: what "
            "comes in by "
            "\"external\" is ruled by portal.publish[0]\n");
}

TEST(Advanced, DoesNotSetWhatTheFileSetsElsewhere) {
  EXPECT_EQ(
      told("version: 1\ntimeouts: {idle: 1h}\nthreads: 2\nadvanced:\n  threads: 3\n  policy: "
           "{levels: {\"0\": {connIdle: 5}}}\n"),
      "5:12: error: advanced.threads: does not go with threads at the top\n"
      "6:26: error: advanced.policy.levels.0: does not go with timeouts, which set the same\n");
  EXPECT_EQ(told("version: 1\nadvanced:\n  log: {loglevel: info}\n  outbonds: []\n"),
            "3:3: error: advanced.log: unknown key\n"
            "4:3: error: advanced.outbonds: unknown key; did you mean \"outbounds\"?\n");
}

}  // namespace
}  // namespace culvert::config

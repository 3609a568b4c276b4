// Both ways between V2Ray's JSON and the friendly YAML, the mission's two examples first.
#include "config/ConfigText.h"
#include "config/Friendly.h"
#include "config/Init.h"
#include "config/NodeWriters.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace culvert::config {
namespace {

#define ID "3c1e5d2a-7b64-4f08-9a6e-51f0c2d4b7a9"
#define ID2 "6d0a9f3b-2c58-4e17-8b4d-90e1d3c5a7f2"

constexpr const char* kNodeA =
    "version: 1\nbridge:\n  server: serveraddr.com:16823\n  id: "
    "b831381d-6324-4d53-ad4f-8cda48b30811\n"
    "  alter_id: 64\n  domain: private.cloud.com\n  allow: any\n";
constexpr const char* kNodeB =
    "version: 1\nportal:\n  listen: 16823\n  id: b831381d-6324-4d53-ad4f-8cda48b30811\n"
    "  alter_id: 64\n  domain: private.cloud.com\n  publish:\n    - listen: 80\n      to: "
    "127.0.0.1:80\n";

Model modelOf(const std::string& name, const std::string& text) {
  Loaded loaded = loadText(name, text);
  EXPECT_EQ(loaded.problems.errors(), 0U) << loaded.problems.text();
  return std::move(loaded.model);
}
std::string fileFor(const Model& model) {
  Problems problems;
  const Node file = toV2RayFile(model, problems);
  EXPECT_EQ(problems.errors(), 0U) << problems.text();
  return writeJson(file);
}
std::string friendly(const Model& model) {
  Problems notes;
  return toFriendlyYaml(model, notes);
}
std::string warnedPaths(const std::string& yaml) {
  const Loaded loaded = loadText("config.yaml", yaml);
  std::string paths;
  for (const Problem& problem : loaded.problems.all()) paths += problem.path + " ";
  return paths;
}

struct GoldenCase {
  const char* seed;
  const char* yaml;
  const char* warned;
};
void PrintTo(const GoldenCase& one, std::ostream* out) {
  *out << one.seed;
}
class Golden : public testing::TestWithParam<GoldenCase> {
 protected:
  const std::string seed_ = dataFile(std::string("seed/") + GetParam().seed + ".json");
};

TEST_P(Golden, YamlAndSeedAreOneModel) {
  ASSERT_FALSE(seed_.empty());
  EXPECT_TRUE(sameModel(modelOf("config.yaml", GetParam().yaml), modelOf("seed.json", seed_)));
}
TEST_P(Golden, SeedBecomesTheYaml) {
  EXPECT_EQ(friendly(modelOf("seed.json", seed_)), GetParam().yaml);
}
TEST_P(Golden, ConvertedFileBecomesTheYaml) {
  const Model model = modelOf("config.yaml", GetParam().yaml);
  EXPECT_EQ(friendly(modelOf("converted.json", fileFor(model))), GetParam().yaml);
}
TEST_P(Golden, WarnsOfWhatItsOwnerShouldKnow_KEY_7) {
  EXPECT_EQ(warnedPaths(GetParam().yaml), GetParam().warned);
}

INSTANTIATE_TEST_SUITE_P(
    Mission, Golden,
    testing::Values(GoldenCase{"node-a-bridge", kNodeA, "bridge.id bridge.alter_id bridge.allow "},
                    GoldenCase{"node-b-portal", kNodeB, "portal.id portal.alter_id "}));

// ---- What every conversion keeps.

const char* const kRoundTrips[] = {
    "version: 1\nbridge:\n  server: a.example.com:1\n  id: " ID
    "\n  services:\n    web: 127.0.0.1:80\n",
    "version: 1\nbridge:\n  server:\n    - a.example.com:1\n    - \"[2001:db8::1]:2\"\n  id: " ID
    "\n  services:\n    a: nas.lan:22\n    b: udp://127.0.0.1:6000-6002\n    c: "
    "tcp+udp://127.0.0.1:53\n  name: nas1\n",
    "version: 1\nportal:\n  listen: 127.0.0.1:1\n  bridges:\n    nas1:\n      id: " ID
    "\n    nas2:\n      id: " ID2
    "\n      alter_id: 4\n      domain: two.example.com\n  publish:\n    - listen: 80\n      to: "
    "nas1/web\n"
    "    - listen: 16000-16002/udp\n      to: nas2/range\n      to_port: 6000\n      name: range\n"
    "    - listen: 127.0.0.1:81\n      to: nas1/192.168.1.20:8080\n      allow_from: 10.0.0.0/8\n  "
    "    idle: 1m30s\n"
    "timeouts:\n  idle: 1h\n  half_close: 5m\n",
    "version: 1\nportal:\n  listen: 1\n  id: " ID
    "\n  publish:\n    - listen: 7000-7002\n      to: 127.0.0.1:8000-8002\n"
    "log:\n  level: debug\n",
};

class RoundTrips : public testing::TestWithParam<const char*> {};
TEST_P(RoundTrips, GiveTheSameTextBack) {
  const Model model = modelOf("config.yaml", GetParam());
  EXPECT_EQ(friendly(model), GetParam());
  EXPECT_EQ(friendly(modelOf("converted.json", fileFor(model))), GetParam());
}
TEST_P(RoundTrips, AreAcceptedByV2Ray) {
  if (std::system("command -v v2ray >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "v2ray is not installed";
  const std::string path = testing::TempDir() + "culvert-converted-" +
                           std::to_string(std::hash<std::string>()(GetParam())) + ".json";
  std::ofstream(path) << fileFor(modelOf("config.yaml", GetParam()));
  EXPECT_EQ(std::system(("v2ray -test -config " + path + " >/dev/null 2>&1").c_str()), 0);
  std::remove(path.c_str());
}
INSTANTIATE_TEST_SUITE_P(Files, RoundTrips, testing::ValuesIn(kRoundTrips));

TEST(Friendly, FallsBackToAdvancedForAnotherShape) {
  const Model model =
      modelOf("other.json", R"({"inbounds": [{"tag": "in", "port": 81, "protocol": "dokodemo-door",
      "settings": {"address": "127.0.0.1", "port": 80}}], "outbounds": [{"tag": "free", "protocol": "freedom"}]})");
  const std::string text = friendly(model);
  EXPECT_EQ(text.find("version: 1\nadvanced:\n"), 0U) << text;
  EXPECT_TRUE(sameModel(modelOf("again.yaml", text), model));
}

TEST(Friendly, KeepsReferencesUnlessShown_KEY_4) {
  ::setenv("CULVERT_TEST_ID", ID, 1);
  const Model model =
      modelOf("config.yaml",
              "version: 1\nbridge:\n  server: a.example.com:1\n  id: {env: CULVERT_TEST_ID}\n"
              "  services: {web: 127.0.0.1:80}\n");
  Problems notes;
  EXPECT_NE(toFriendlyYaml(model, notes).find("id: {env: CULVERT_TEST_ID}"), std::string::npos);
  EXPECT_NE(toFriendlyYaml(model, notes, Secrets::Show).find(ID), std::string::npos);

  Problems refused;
  toV2RayFile(model, refused);
  EXPECT_EQ(heads(refused), "4:7: error: bridge.id: V2Ray has no secret references\n");
  Problems shown;
  EXPECT_NE(writeJson(toV2RayFile(model, shown, Secrets::Show)).find(ID), std::string::npos);
  EXPECT_EQ(shown.errors(), 0U);
}

// ---- What V2Ray cannot say.

TEST(Export, AlwaysHasDenyForAPortal) {
  EXPECT_NE(fileFor(modelOf("config.yaml", kNodeB)).find("\"tag\": \"deny\""), std::string::npos);
}

TEST(Export, RefusesWhatV2RayWouldMissAndDropsTheRestWithANote) {
  const Model legacy =
      modelOf("config.yaml", "version: 1\nbridge:\n  server: a.example.com:1\n  id: " ID
                             "\n  alter_id: 1\n  legacy: true\n  services: {web: 127.0.0.1:80}\n");
  Problems refused;
  toV2RayFile(legacy, refused);
  EXPECT_EQ(refused.errors(), 1U);
  EXPECT_EQ(refused.all().front().path, "bridge.legacy");

  const Model dropped =
      modelOf("config.yaml", "version: 1\nportal:\n  listen: 1\n  id: " ID
                             "\n  publish: {listen: 53/udp, to: dns, optional: true}\n"
                             "timeouts: {udp_idle: 1m}\nthreads: 2\nlog: {format: json}\n");
  Problems notes;
  const std::string text = writeJson(toV2RayFile(dropped, notes));
  EXPECT_EQ(notes.errors() + notes.warnings(), 0U) << notes.text();
  EXPECT_EQ(notes.all().size(), 4U) << notes.text();
  for (const char* key : {"optional", "udpIdle", "threads", "format"})
    EXPECT_EQ(text.find("\"" + std::string(key) + "\""), std::string::npos) << key;
}

// ---- init

TEST(Init, WritesTwoFilesThatBelongTogether) {
  const Model bridge = modelOf("config.yaml", initText(Side::Bridge, ID, "[2001:db8::1]:443"));
  const Model portal = modelOf("config.yaml", initText(Side::Portal, ID, "[2001:db8::1]:443"));
  EXPECT_EQ(bridge.outbounds[0].settings["vnext"][0]["address"].text(), "2001:db8::1");
  EXPECT_EQ(portal.inbounds.back().port.from, 443);
  EXPECT_EQ(portal.inbounds.front().settings["address"].text(), bridge.services.front().domain);
  EXPECT_EQ(warnedPaths(initText(Side::Bridge, ID, kExampleServer)), "");
  EXPECT_EQ(warnedPaths(initText(Side::Portal, ID, kExampleServer)), "");
}

}  // namespace
}  // namespace culvert::config

#include "base/Uuid.h"
#include "service/Checked.h"
#include "service/Commands.h"
#include "service/TempFolder.h"

#include <gtest/gtest.h>

#include <sstream>

namespace culvert::service {
namespace {

constexpr const char* kBridge = R"(version: 1
bridge:
  server: vps.example.com:16823
  id: 0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f
  services:
    web: 127.0.0.1:80
)";
constexpr const char* kPortal = R"(version: 1
portal:
  listen: 16823
  id: 0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f
  publish:
    - {listen: 8080, to: web, allow_from: 192.0.2.0/24}
)";

class Commands : public testing::Test {
 protected:
  int run(const std::string& arguments) {
    std::istringstream in(arguments);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    out_.str("");
    err_.str("");
    auto parsed = parseCommandLine(words);
    if (!std::holds_alternative<CommandLine>(parsed)) return kUsage;
    return runCommand(std::get<CommandLine>(parsed), out_, err_);
  }
  bool outHas(const std::string& text) const { return out_.str().find(text) != std::string::npos; }

  TempFolder folder_;
  std::ostringstream out_, err_;
};

TEST_F(Commands, CheckPrintsTheReachTableAndTheCount) {
  const std::string file = folder_.write("config.yaml", kBridge);
  EXPECT_EQ(run("check " + file), kGood) << err_.str();
  EXPECT_TRUE(outHas("the portal can reach: tcp 127.0.0.1:80. Nothing else.")) << out_.str();
  EXPECT_TRUE(outHas("config.yaml: 0 errors, 0 warnings")) << out_.str();
}

TEST_F(Commands, CheckTellsErrorsFromWarningsFromMissingFiles) {
  const std::string wrong = folder_.write("wrong.yaml", "version: 1\nbrigde:\n  server: x\n");
  EXPECT_EQ(run("check " + wrong), kErrors);
  EXPECT_NE(err_.str().find("did you mean \"bridge\"?"), std::string::npos) << err_.str();
  EXPECT_EQ(run("check " + folder_.path("missing.yaml")), kUnreadable);
  EXPECT_EQ(run("check " + folder_.path()), kUnreadable);

  const std::string open = folder_.write("open.yaml", std::string(kBridge) + "  allow: any\n");
  EXPECT_EQ(run("check " + open), kGood);
  EXPECT_EQ(run("check " + open + " --strict"), kWarnings);
}

TEST_F(Commands, CheckFindsWhatOnlyTheProtocolsKnow) {
  const std::string file = folder_.write("a.json", R"({"inbounds": [{"tag": "in", "port": 80,
    "protocol": "dokodemo-door", "settings": {"address": "127.0.0.1"}}], "outbounds": [{"protocol": "freedom"}]})");
  EXPECT_EQ(run("check " + file), kErrors);
  EXPECT_NE(err_.str().find("settings.port"), std::string::npos) << err_.str();
}

TEST_F(Commands, CheckWritesJson) {
  const std::string wrong = folder_.write("wrong.yaml", "version: 1\nbrigde:\n  server: x\n");
  EXPECT_EQ(run("check --format json " + wrong), kErrors);
  EXPECT_TRUE(outHas("\"code\"")) << out_.str();
  EXPECT_EQ(out_.str().front(), '[');
}

TEST_F(Commands, CheckExplainsAPort) {
  const std::string file = folder_.write("config.yaml", kPortal);
  EXPECT_EQ(run("check " + file + " --explain 8080"), kGood) << err_.str();
  EXPECT_TRUE(outHas("inbound \"external\"")) << out_.str();
  EXPECT_TRUE(outHas("service \"web\"")) << out_.str();
  EXPECT_TRUE(outHas("closed")) << "other sources\n" << out_.str();
  EXPECT_EQ(run("check " + file + " --explain 81"), kGood);
  EXPECT_TRUE(outHas("no inbound listens on port 81")) << out_.str();
}

TEST_F(Commands, CheckExplainsAService) {
  const std::string file = folder_.write("config.yaml", kBridge);
  EXPECT_EQ(run("check " + file + " --explain web"), kGood) << err_.str();
  EXPECT_TRUE(outHas("web.default.bridge.culvert.internal")) << out_.str();
  EXPECT_TRUE(outHas("127.0.0.1:80")) << out_.str();
  EXPECT_EQ(run("check " + file + " --explain 192.168.1.1:22"), kGood);
  EXPECT_TRUE(outHas("closed")) << out_.str();
}

TEST_F(Commands, ConvertGoesToV2RayAndBack) {
  const std::string file = folder_.write("config.yaml", kBridge);
  const std::string json = folder_.path("out.json");
  EXPECT_EQ(run("convert " + file + " --to v2ray -o " + json), kGood) << err_.str();
  EXPECT_EQ(run("convert " + file + " --to v2ray -o " + json), kCannotOpen)
      << "nothing is overwritten";
  EXPECT_EQ(run("convert " + json + " --from v2ray"), kGood) << err_.str();
  EXPECT_TRUE(outHas("web: 127.0.0.1:80")) << out_.str();
  const auto mode = std::filesystem::status(json).permissions();
  EXPECT_EQ(mode & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(Commands, InitWritesOneSideAndPrintsTheOther) {
  const std::string file = folder_.path("bridge.yaml");
  EXPECT_EQ(run("init bridge --server vps.test:443 -o " + file), kGood) << err_.str();
  EXPECT_NE(folder_.read("bridge.yaml").find("vps.test:443"), std::string::npos);
  EXPECT_TRUE(outHas("portal:")) << out_.str();
  EXPECT_EQ(run("check " + file), kGood) << err_.str();
  const std::string twin = folder_.write("portal.yaml", out_.str());
  EXPECT_EQ(run("init bridge --server vps.test:443 -o " + file), kCannotOpen);
  EXPECT_EQ(run("init bridge --server https://vps.test"), kUsage);
}

TEST_F(Commands, IdMakesAFreshRandomUuid) {
  EXPECT_EQ(run("id"), kGood);
  const std::string one = out_.str().substr(0, 36);
  const auto parsed = parseUuid(one);
  ASSERT_TRUE(parsed.ok()) << one;
  EXPECT_EQ((*parsed)[6] >> 4, 4);
  EXPECT_EQ((*parsed)[8] >> 6, 2);
  run("id");
  EXPECT_NE(out_.str().substr(0, 36), one);
}

TEST_F(Commands, VersionNamesTheLibraries) {
  EXPECT_EQ(run("version"), kGood);
  EXPECT_EQ(out_.str().substr(0, 8), "culvert ");
  for (const char* library : {"\nPoco 1.", "\nOpenSSL 3", "\nyaml-cpp 0", "\nc-ares 1", "\nRE2 "}) {
    EXPECT_TRUE(outHas(library)) << library << out_.str();
  }
  EXPECT_EQ(run("version --json"), kGood);
  EXPECT_EQ(out_.str().substr(0, 12), "{\"culvert\": ");
}

TEST_F(Commands, SchemaIsJson) {
  EXPECT_EQ(run("schema"), kGood);
  EXPECT_TRUE(outHas("\"$schema\"")) << out_.str().substr(0, 200);
}

}  // namespace
}  // namespace culvert::service

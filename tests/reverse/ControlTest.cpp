#include "base/Errc.h"
#include "config/Node.h"
#include "config/NodeReaders.h"
#include "reverse/Control.h"
#include "support/Hex.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>

namespace culvert::reverse {
namespace {

using culvert::test::hex;
using culvert::test::toHex;

config::Node readVectors(const std::string& name) {
  const std::ifstream file(std::string(CULVERT_TESTS_DIR) + "/vectors/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  const auto source = std::make_shared<config::Source>();
  source->name = name;
  source->text = text.str();
  config::Problems problems;
  config::Node node = config::parseJson(source, problems);
  EXPECT_EQ(problems.errors(), 0u);
  return node;
}

std::string written(const Control& message) {
  Buffer out;
  append(out, message);
  return toHex(out.view());
}

TEST(Control, WritesAndReadsTheVectors) {
  const config::Node vectors = readVectors("vmess-control.json")["vectors"];
  ASSERT_EQ(vectors.items().size(), 7u);
  for (const config::Node& vector : vectors.items()) {
    SCOPED_TRACE(vector["name"].text());
    const auto padding = hex(vector["random"].text());
    const Control message{.state = static_cast<Control::State>(std::stoi(vector["state"].text())),
                          .padding = std::string(asText(padding))};
    EXPECT_EQ(written(message), vector["wire"].text());
    const Result<Control> read = parseControl(hex(vector["wire"].text()));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, message);
  }
}

TEST(Control, ReadsWhatOthersMayWrite) {
  const config::Node cases = readVectors("vmess-control.json")["about"]["decode"];
  ASSERT_EQ(cases.items().size(), 4u);
  for (const config::Node& one : cases.items()) {
    SCOPED_TRACE(one["name"].text());
    const Result<Control> read = parseControl(hex(one["wire"].text()));
    ASSERT_EQ(read.ok(), !one["error"]);
    if (!read) continue;
    EXPECT_EQ(static_cast<int>(read->state), std::stoi(one["state"].text()));
    EXPECT_EQ(toHex(asBytes(read->padding)), one["random"].text());
  }
}

TEST(Control, ReadsTheMessagesOfRecordedTunnels) {
  const config::Node tunnels = readVectors("vmess-reverse-captured.json")["vectors"];
  int messages = 0;
  for (const config::Node& tunnel : tunnels.items()) {
    const config::Node frames = tunnel["portal_to_bridge_frames"];
    for (const config::Node& recorded : frames.items()) {
      if (!recorded["control"]) continue;
      const Result<Control> read = parseControl(hex(recorded["data"].text()));
      ASSERT_TRUE(read.ok());
      EXPECT_EQ(static_cast<int>(read->state), std::stoi(recorded["control"]["state"].text()));
      EXPECT_EQ(read->padding.size(), std::stoul(recorded["control"]["random_length"].text()));
      ++messages;
    }
  }
  EXPECT_GE(messages, 2);
}

TEST(Control, CarriesWhatCulvertsAgreeOn) {
  const Control message{.state = Control::State::Drain,
                        .features = 7,
                        .beatMilliseconds = 2000,
                        .instance = std::string(16, 'i'),
                        .padding = "xy"};
  EXPECT_EQ(written(message),
            "08019a06027879c00c07c80cd00fd20c10" + std::string(32, '6').replace(0, 32, [] {
              std::string digits;
              for (int i = 0; i < 16; ++i) digits += "69";
              return digits;
            }()));
  const auto wire = hex(written(message));
  EXPECT_EQ(parseControl(wire).value(), message);
}

TEST(Control, RefusesWhatIsNoProtobuf) {
  for (const char* const wire :
       {"08", "0b", "00", "ffffffffffffffffffff01", "9a06ff01", "c10c0011", "c50c00", "06"}) {
    EXPECT_FALSE(parseControl(hex(wire)).ok()) << wire;
  }
}

TEST(Control, SurvivesRandomBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> bytes(random() % 40);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const Result<Control> read = parseControl(bytes);
    if (!read) continue;
    const auto again = hex(written(*read));
    EXPECT_EQ(parseControl(again).value(), *read);
  }
}

}  // namespace
}  // namespace culvert::reverse

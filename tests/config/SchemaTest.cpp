// What is written for people and editors, and that it says what the program does.
#include "config/ConfigText.h"
#include "config/Model.h"
#include "config/Schema.h"
#include "config/Simple.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

std::string topLevelFile(const std::string& name) {
  std::ifstream file(std::string(CULVERT_TESTS_DIR) + "/../" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Schema, KnowsEveryKeyAndNoOther) {
  const Node properties = simpleSchema()["properties"];
  for (const std::string& key : keysOf(describe<SimpleFile>())) EXPECT_TRUE(properties[key]) << key;
  const Node publish = properties["portal"]["properties"]["publish"];
  EXPECT_TRUE(publish);
  EXPECT_FALSE(properties["bridge"]["properties"]["tls"]);  // not in this version
  EXPECT_FALSE(properties["bridge"]["additionalProperties"].boolean());
  EXPECT_EQ(properties["advanced"]["type"].text(), "object");
  EXPECT_FALSE(properties["advanced"]["properties"]["log"]);
}

TEST(Reference, NamesEveryKey) {
  const std::string text = referenceText();
  for (const auto& keys :
       {describe<SimpleFile>(), describe<SimpleBridge>(), describe<SimplePortal>(),
        describe<SimpleMember>(), describe<SimplePublish>(), describe<SimpleLog>(),
        describe<SimpleTimeouts>()}) {
    for (const FieldInfo& key : keys)
      EXPECT_NE(text.find("| `" + key.key + "` |"), std::string::npos) << key.key;
  }
}

TEST(Reference, IsTheManualInDocs) {
  EXPECT_EQ(topLevelFile("docs/configuration.md"), referenceText())
      << "write it again: culvert schema --reference > docs/configuration.md";
}

TEST(Example, LoadsWithBothSections) {
  const std::string text = topLevelFile("config.example.yaml");
  ASSERT_FALSE(text.empty());
  const Loaded loaded = loadText("config.example.yaml", text);
  EXPECT_EQ(loaded.problems.errors(), 0U) << loaded.problems.text();
  EXPECT_EQ(loaded.model.bridges.size(), 1U);
  EXPECT_EQ(loaded.model.portals.size(), 1U);
  EXPECT_EQ(loaded.model.services.size(), 4U);
  for (const Problem& problem : loaded.problems.all())
    EXPECT_EQ(problem.code, "secret") << problem.message;
}

}  // namespace
}  // namespace culvert::config

#include "config/ConfigText.h"
#include "config/NodeReaders.h"
#include "config/NodeWriters.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

TEST(NodeWriters, IndentJsonByTwo) {
  const Node node =
      Node::map({{"b", {}, Node::list({Node::number(std::int64_t{1}), Node::map({})})},
                 {"gone", {}, Node()},
                 {"a", {}, Node::string("x\"\\\n\x01\u20ac")},
                 {"c", {}, Node::list({})}});
  EXPECT_EQ(writeJson(node),
            "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"x\\\"\\\\\\n\\u0001\u20ac\",\n  "
            "\"c\": []\n}\n");
  EXPECT_EQ(writeCanonicalJson(node).substr(0, 9), "{\n  \"a\": ");
}

TEST(NodeWriters, WriteBlockYaml) {
  const Node entry =
      Node::map({{"listen", {}, Node::number(std::int64_t{80})}, {"to", {}, Node::string("web")}});
  const Node node = Node::map(
      {{"version", {}, Node::number(std::int64_t{1})},
       {"portal",
        {},
        Node::map({{"publish", {}, Node::list({entry, entry})}, {"empty", {}, Node::map({})}})}});
  EXPECT_EQ(writeYaml(node),
            "version: 1\nportal:\n  publish:\n    - listen: 80\n      to: web\n    - listen: 80\n  "
            "    to: web\n"
            "  empty: {}\n");
}

TEST(NodeWriters, QuoteOnlyWhatWouldMeanSomethingElse) {
  for (const char* plain :
       {"web", "vps.example.com:16823", "127.0.0.1:80", "udp://127.0.0.1:51820", "51820/udp",
        "192.0.2.0/24", "2h", "1m30s", "b831381d-6324-4d53-ad4f-8cda48b30811", "a b",
        "full:private.cloud.com", "127.0.0.1:6000-6002", "6000-6002x"}) {
    EXPECT_EQ(yamlScalar(Node::string(plain)), plain);
  }
  for (const char* text :
       {"",        "80",    "8.5",    "8e3",  "0x50", "010",      "true",
        "False",   "yes",   "on",     "null", "~",    "- a",      "*.example.com",
        "[::]:80", "&x",    "!x",     "@x",   "`x",   "a: b",     "a #b",
        "#",       " a",    "a ",     "a:",   "x\ny", "\xc3\xa4", "{a}",
        "%a",      "12:30", "53,443", "<<",   "-",    "?",        "\"",
        "'",       ".inf"}) {
    const std::string written = yamlScalar(Node::string(text));
    EXPECT_EQ(written.front(), '"') << text;
    Problems problems;
    const Node again = parseYaml(sourceOf("k: " + written + "\n"), problems)["k"];
    EXPECT_EQ(problems.text(), "");
    EXPECT_TRUE(again.isString()) << text;
    EXPECT_EQ(again.text(), text);
  }
}

TEST(NodeWriters, WriteWhatYamlReadsBack) {
  const Node tricky = Node::list(
      {Node::list({Node::list({Node::string("a"), Node::map({})}), Node::string("-")}),
       Node::map(
           {{"true", {}, Node::boolean(false)},
            {"8", {}, Node::number("8")},
            {"deep",
             {},
             Node::map({{"*", {}, Node::list({Node::map({{"k", {}, Node::string("v")}})})}})}})});
  Problems problems;
  const Node again = parseYaml(sourceOf(writeYaml(tricky)), problems);
  EXPECT_EQ(problems.text(), "");
  EXPECT_TRUE(again.sameAs(tricky)) << writeYaml(tricky);
}

}  // namespace
}  // namespace culvert::config

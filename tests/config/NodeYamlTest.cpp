#include "config/ConfigText.h"
#include "config/NodeReaders.h"
#include "config/NodeWriters.h"

#include <gtest/gtest.h>

#include <chrono>

namespace culvert::config {
namespace {

struct Read {
  Node root;
  Problems problems;
};
Read yaml(std::string text) {
  Read read;
  read.root = parseYaml(sourceOf(std::move(text)), read.problems);
  return read;
}

class YamlMistakes : public testing::TestWithParam<MessageCase> {};
TEST_P(YamlMistakes, AreToldWithTheirPlace_CFG_4) {
  EXPECT_EQ(heads(yaml(GetParam().text).problems), GetParam().expected);
}

const MessageCase kMistakes[] = {
    {"Empty", "", "1:1: error: the file is empty\n"},
    {"OnlyComments", "# nothing\n\n", "1:1: error: the file is empty\n"},
    {"OnlyNull", "~\n", "1:1: error: the file is empty\n"},
    {"TabIndentation", "version: 1\nbridge:\n\tserver: x\n",
     "3:1: error: a tab is used for indentation; YAML needs spaces\n"},
    {"TabBehindSpaces", "bridge:\n  \tserver: x\n",
     "2:3: error: a tab is used for indentation; YAML needs spaces\n"},
    {"TwiceTheKey",
     "version: 1\n\nbridge:\n  id: a\n  server: b\n\n  name: x\n  alter_id: 0\n  id: c\n",
     "9:3: error: bridge.id: given twice\n4:3: note: first here, line 4\n"},
    {"TwiceInFlow", "a: {b: 1, b: 2}\n",
     "1:11: error: a.b: given twice\n1:5: note: first here, line 1\n"},
    {"TwiceQuotedAndPlain", "a: 1\n\"a\": 2\n",
     "2:1: error: a: given twice\n1:1: note: first here, line 1\n"},
    {"MergeKey", "base: &b {x: 1}\nuse:\n  <<: *b\n",
     "3:3: error: merge keys (<<) are not supported\n"},
    {"CustomTag", "a: !secret x\n", "1:4: error: tags (\"!secret\") are not supported\n"},
    {"KnownTag", "a: !!str 5\n",
     "1:4: error: tags (\"tag:yaml.org,2002:str\") are not supported\n"},
    {"TagOfAMap", "a: !x {b: 1}\n", "1:4: error: tags (\"!x\") are not supported\n"},
    {"TwoDocuments", "a: 1\n---\nb: 2\n",
     "2:1: error: several documents in one file are not supported\n"},
    {"ListThenMap", "- a\nb: c\n", "2:1: error: this does not go with what stands above\n"},
    {"AliasInItself", "a: &x [*x]\n", "1:8: error: an anchor must not contain itself\n"},
    {"UnknownAlias", "a: *nothing\n", "1:4: error: an alias (*name) without its anchor (&name)\n"},
    {"StarName", "portal:\n  publish:\n    - hosts:\n        *.example.com: nas1/web\n",
     "4:9: error: put the name in quotes: \"*.example.com\"\n"},
    {"BareIPv6", "portal:\n  listen: [::]:80\n",
     "2:11: error: put the address in quotes: \"[::]:80\"\n"},
    {"AtSign", "a: @x\n", "1:4: error: put the text in quotes: \"@x\"\n"},
    {"Backtick", "a: `x`\n", "1:4: error: put the text in quotes: \"`x`\"\n"},
    {"ColonInText", "a: b: c\n", "1:5: error: a \": \" is not expected here\n"},
    {"OpenBracket", "a: [1, 2\n", "2:1: error: a \"]\" is missing\n"},
    {"OpenBrace", "a: {b: 1\n", "2:1: error: a \"}\" is missing\n"},
    {"OpenQuote", "a: \"x\n", "1:4: error: this text has no closing quote\n"},
    {"OpenQuoteInAList", "a: [\"x, y]\n", "1:5: error: this text has no closing quote\n"},
    {"ListAsKey", "[a]: 1\n", "1:1: error: expected a key, got a list\n"},
    {"MapAsKey", "{a: 1}: 1\n", "1:1: error: expected a key, got a map\n"},
    {"NothingAsKey", "~: 1\n", "1:1: error: expected a key, got nothing\n"},
    {"NotUtf8", "a: b\nc: \xff\n", "2:4: error: not UTF-8\n"},
    {"Overlong", "a: \xc0\xaf\n", "1:4: error: not UTF-8\n"},
    {"Surrogate", "a: \xed\xa0\x80\n", "1:4: error: not UTF-8\n"},
    {"ControlCharacter", "a: b\x1b\n", "1:5: error: a control character is not allowed here\n"},
    {"Utf16",
     "\xff\xfe"
     "a",
     "1:1: error: the file is UTF-16\n"},
    {"ColumnsAreCharacters", "\u00e4\u00f6\u00fc: !x 1\n",
     "1:6: error: tags (\"!x\") are not supported\n"},
    {"CarriageReturns", "a: 1\r\nb: 2\r\na: 3\r\n",
     "3:1: error: a: given twice\n1:1: note: first here, line 1\n"},
};
INSTANTIATE_TEST_SUITE_P(NodeYaml, YamlMistakes, testing::ValuesIn(kMistakes),
                         [](const auto& one) { return caseName(one.param); });

TEST(NodeYaml, KeepsScalarsAsWritten) {
  const Read read = yaml(
      "number: 80\noctal: 010\nhex: 0x50\nfloat: 8e3\nword: yes\nboolean: true\nquoted: \"true\"\n"
      "text: '80'\nurl: udp://h:1\nport: 51820/udp\nrange: 127.0.0.1:6000-6002\nnone:\nminus: -5\n"
      "block: |\n  two\n  lines\n");
  ASSERT_EQ(read.problems.text(), "");
  const auto is = [&read](const char* key, Node::Kind kind, const char* text, bool quoted = false) {
    const Node node = read.root[key];
    EXPECT_EQ(node.kind(), kind) << key;
    EXPECT_EQ(node.text(), text) << key;
    EXPECT_EQ(node.isQuoted(), quoted) << key;
  };
  is("number", Node::Kind::Number, "80");
  is("octal", Node::Kind::String, "010");
  is("hex", Node::Kind::String, "0x50");
  is("float", Node::Kind::String, "8e3");
  is("word", Node::Kind::String, "yes");
  is("boolean", Node::Kind::Bool, "true");
  is("quoted", Node::Kind::String, "true", true);
  is("text", Node::Kind::String, "80", true);
  is("url", Node::Kind::String, "udp://h:1");
  is("port", Node::Kind::String, "51820/udp");
  is("range", Node::Kind::String, "127.0.0.1:6000-6002");
  is("minus", Node::Kind::Number, "-5");
  is("block", Node::Kind::String, "two\nlines\n", true);
  EXPECT_EQ(read.root["none"].kind(), Node::Kind::Null);
}

TEST(NodeYaml, PutsAnEmptyValueAtItsKey) {
  const Read read = yaml("a: 1\nbridge:\n  server:\n  name: x\nlist:\n  -\n  - 2\n");
  const Place place = read.root["bridge"]["server"].place();
  EXPECT_EQ(place.line, 3);
  EXPECT_EQ(place.column, 3);
  EXPECT_EQ(place.length, 6);
  EXPECT_EQ(read.root["list"][std::size_t{0}].kind(), Node::Kind::Null);
}

TEST(NodeYaml, GivesPathsWithTheEntrysName) {
  const Read read =
      yaml("portal:\n  publish:\n    - {listen: 80}\n    - listen: 22\n      name: ssh2\n");
  EXPECT_EQ(read.root["portal"]["publish"][1]["listen"].path(), "portal.publish[1] (ssh2).listen");
  EXPECT_EQ(read.root["portal"]["publish"][std::size_t{0}]["listen"].path(),
            "portal.publish[0].listen");
}

TEST(NodeYaml, UnderlinesWholeScalars) {
  const Read read = yaml("a: plain text # comment\nb: \"quo\\\"ted\" # x\nc: 'it''s'\n");
  EXPECT_EQ(read.root["a"].place().length, 10);
  EXPECT_EQ(read.root["b"].place().length, 10);
  EXPECT_EQ(read.root["b"].place().column, 4);
}

TEST(NodeYaml, ReadsAliasesAsCopiesWithTheirOwnPlaceAndPath) {
  const Read read = yaml("a: &x {b: [1, 2]}\nc: *x\nd:\n  - *x\n");
  ASSERT_EQ(read.problems.text(), "");
  EXPECT_TRUE(read.root["a"].sameAs(read.root["c"]));
  EXPECT_EQ(read.root["c"].place().line, 2);
  EXPECT_EQ(read.root["c"].place().column, 4);
  EXPECT_EQ(read.root["c"]["b"].path(), "c.b");
  EXPECT_EQ(read.root["d"][std::size_t{0}]["b"][1].path(), "d[0].b[1]");
}

TEST(NodeYaml, AcceptsByteOrderMarkAndDocumentMarks) {
  const Read read = yaml("\xef\xbb\xbf%YAML 1.2\n---\na: 1\n...\n");
  EXPECT_EQ(read.problems.text(), "");
  EXPECT_EQ(read.root["a"].text(), "1");
}

TEST(NodeYaml, MarksWhatStandsUnderTheKeysOfSecrets) {
  const Read read = yaml("id: 1234\npassword: x\nname: y\nid2: z\nusers: [{id: w}]\n");
  EXPECT_TRUE(read.root["id"].isSecret());
  EXPECT_TRUE(read.root["password"].isSecret());
  EXPECT_TRUE(read.root["users"][std::size_t{0}]["id"].isSecret());
  EXPECT_FALSE(read.root["name"].isSecret());
}

TEST(NodeYaml, RefusesAnAliasBombQuickly_CFG_4) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string above = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + above;
    for (int k = 0; k < 8; ++k) bomb += "," + above;
    bomb += "]\n";
  }
  const auto start = std::chrono::steady_clock::now();
  const Read read = yaml(bomb);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_FALSE(read.root);
  EXPECT_NE(heads(read.problems).find("more than 100000 values in one file, aliases written out"),
            std::string::npos);
}

TEST(NodeYaml, HoldsTheDepthLimitAlsoThroughAliases_LIM_17) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + "x" +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_EQ(yaml(nested(kMaxDepth)).problems.text(), "");
  EXPECT_EQ(heads(yaml(nested(kMaxDepth + 1)).problems),
            "1:65: error: nested deeper than 64 levels\n");
  EXPECT_EQ(yaml("a: &x " + nested(40) + "\nb: *x\n").problems.text(), "");
  EXPECT_EQ(heads(yaml("a: &x " + nested(40) +
                       "\nb: [[[[[[[[[[[[[[[[[[[[[[[[*x]]]]]]]]]]]]]]]]]]]]]]]]\n")
                      .problems),
            "2:28: error: nested deeper than 64 levels\n");
  for (const std::string& text :
       {std::string(1'000'000, '['), std::string(1'000'000, '{'), std::string(500'000, '-')}) {
    EXPECT_FALSE(yaml(text).root && yaml(text).root.isList());
  }
  std::string dashes;
  while (dashes.size() < 900'000) dashes += "- ";
  EXPECT_GT(yaml(dashes).problems.errors(), 0u);
}

TEST(NodeYaml, HoldsTheSizeLimit_LIM_17) {
  const std::string key = "a: 1\n";
  EXPECT_EQ(yaml(key + std::string(kMaxFileBytes - key.size(), '\n')).problems.text(), "");
  EXPECT_EQ(yaml(key + std::string(kMaxFileBytes - key.size() + 1, '\n')).problems.text(),
            "f: error: the file is larger than 1 MiB\n");
}

constexpr const char* kSample = R"(# every construct the reader knows
version: 1
bridge:
  server: [vps.example.com:16823, "[2001:db8::1]:16823"]
  id: {file: nas1.id}
  services: &s
    web: 127.0.0.1:80
    "wg": 'udp://127.0.0.1:51820'
  text: |
    a block
    of text
portal:
  copy: *s
  publish:
    - listen: 80
      to: web
    - {listen: 443, hosts: {"*.example.com": nas1/web}}
)";

TEST(NodeYaml, SurvivesEveryPrefixAndEveryFlippedByte_CFG_6) {
  const std::string text = kSample;
  ASSERT_EQ(yaml(text).problems.text(), "");
  for (std::size_t length = 0; length < text.size(); ++length) {
    const Read read = yaml(text.substr(0, length));
    EXPECT_TRUE(read.root || read.problems.errors() > 0) << "cut at " << length;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const int change : {0x01, 0x10, 0x55}) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const Read read = yaml(std::move(changed));
      EXPECT_TRUE(read.root || read.problems.errors() > 0) << "changed at " << i;
    }
  }
}

TEST(NodeYaml, ReadsBackWhatItWrites) {
  const Node root = yaml(kSample).root;
  const Read again = yaml(writeYaml(root));
  EXPECT_EQ(again.problems.text(), "");
  EXPECT_TRUE(again.root.sameAs(root)) << writeYaml(root);
}

}  // namespace
}  // namespace culvert::config

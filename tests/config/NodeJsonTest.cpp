#include "config/ConfigText.h"
#include "config/NodeReaders.h"
#include "config/NodeWriters.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

struct Read {
  Node root;
  Problems problems;
};
Read json(std::string text) {
  Read read;
  read.root = parseJson(sourceOf(std::move(text)), read.problems);
  return read;
}

class JsonMistakes : public testing::TestWithParam<MessageCase> {};
TEST_P(JsonMistakes, AreToldWithTheirPlace_CFG_1) {
  EXPECT_EQ(heads(json(GetParam().text).problems), GetParam().expected);
}

const MessageCase kMistakes[] = {
    {"Empty", "", "1:1: error: the file is empty\n"},
    {"OnlyComments", "// a\n# b\n/* c */\n", "4:1: error: the file is empty\n"},
    {"TextBehind", "{}\n{}", "2:1: error: expected the end of the file, got \"{\"\n"},
    {"WordBehind", "{} trailing", "1:4: error: expected the end of the file, got \"trailing\"\n"},
    {"OpenComment", "{ /* a\n}", "1:3: error: this comment does not end\n"},
    {"SingleQuotes", "{'a': 1}", "1:2: error: expected a key in double quotes, got \"'\"\n"},
    {"BareKey", "{port: 1}", "1:2: error: expected a key in double quotes, got \"port\"\n"},
    {"BareWord", "{\"a\": tcp}", "1:7: error: a: expected a value, got \"tcp\"\n"},
    {"SingleQuotedValue", "{\"a\": 'x'}", "1:7: error: a: expected a value, got \"'\"\n"},
    {"CapitalTrue", "{\"a\": True}", "1:7: error: a: expected a value, got \"True\"\n"},
    {"NotANumber", "{\"a\": NaN}", "1:7: error: a: expected a value, got \"NaN\"\n"},
    {"Infinity", "{\"a\": -Infinity}",
     "1:7: error: a: expected a number as JSON writes it, got \"-Infinity\"\n"},
    {"Hexadecimal", "{\"a\": 0x50}",
     "1:7: error: a: expected a number as JSON writes it, got \"0x50\"\n"},
    {"LeadingZero", "{\"a\": 080}",
     "1:7: error: a: expected a number as JSON writes it, got \"080\"\n"},
    {"Plus", "{\"a\": +1}", "1:7: error: a: expected a number as JSON writes it, got \"+1\"\n"},
    {"NoDigitBehindThePoint", "{\"a\": 1.}",
     "1:7: error: a: expected a number as JSON writes it, got \"1.\"\n"},
    {"NoDigitInFront", "{\"a\": .5}",
     "1:7: error: a: expected a number as JSON writes it, got \".5\"\n"},
    {"OpenExponent", "{\"a\": 1e}",
     "1:7: error: a: expected a number as JSON writes it, got \"1e\"\n"},
    {"Underscore", "{\"a\": 1_000}",
     "1:7: error: a: expected a number as JSON writes it, got \"1_000\"\n"},
    {"MissingColon", "{\"a\" 1}", "1:6: error: expected \":\" behind the key \"a\", got \"1\"\n"},
    {"MissingComma", "{\n  \"a\": {\n    \"b\": 1\n    \"c\": 2\n  }\n}",
     "4:5: error: a: expected \",\" or \"}\", got a string\n"},
    {"MissingCommaInAList", "{\"a\": [1 2]}",
     "1:10: error: a: expected \",\" or \"]\", got \"2\"\n"},
    {"MissingBrace", "{\"a\": 1", "1:8: error: expected \",\" or \"}\", got the end of the file\n"},
    {"MissingBracket", "[1,\n2", "2:2: error: expected \",\" or \"]\", got the end of the file\n"},
    {"MissingValue", "{\"a\": }", "1:7: error: a: expected a value, got \"}\"\n"},
    {"EndAfterColon", "{\"a\":", "1:6: error: a: expected a value, got the end of the file\n"},
    {"TwoCommas", "[1,,2]", "1:4: error: [1]: expected a value, got \",\"\n"},
    {"LeadingComma", "[,1]", "1:2: error: [0]: expected a value, got \",\"\n"},
    {"WrongBracket", "{\"a\": [1}", "1:9: error: a: expected \",\" or \"]\", got \"}\"\n"},
    {"OpenString", "{\"a\": \"x\n}", "1:7: error: a: this text has no closing quote on its line\n"},
    {"OpenStringAtTheEnd", "{\"a\": \"x",
     "1:7: error: a: this text has no closing quote on its line\n"},
    {"TabInAString", "{\"a\": \"x\ty\"}", "1:9: error: a: a tab inside a text is written \\t\n"},
    {"UnknownEscape", "{\"a\": \"C:\\windows\"}", "1:10: error: a: unknown escape \"\\\\w\"\n"},
    {"ShortUnicode", "{\"a\": \"\\u12\"}",
     "1:8: error: a: expected four hexadecimal digits behind \\u\n"},
    {"HalfASurrogate", "{\"a\": \"\\ud800x\"}", "1:8: error: a: half of a surrogate pair\n"},
    {"LowSurrogate", "{\"a\": \"\\udc00\"}", "1:8: error: a: half of a surrogate pair\n"},
    {"Nul", "{\"a\": \"\\u0000\"}", "1:8: error: a: a NUL character is not allowed\n"},
    {"ControlCharacter", "{\"a\": \"\x01\"}",
     "1:8: error: a control character is not allowed here\n"},
    {"NotUtf8", "{\"a\": \"\xff\"}", "1:8: error: not UTF-8\n"},
    {"Utf16", "\xff\xfe{", "1:1: error: the file is UTF-16\n"},
    {"TwiceTheKey", "{\"a\": 1,\n \"b\": 2,\n \"a\": 3}",
     "3:2: error: a: given twice\n1:2: note: first here, line 1\n"},
    {"TwiceInAnotherCase", "{\"port\": 1, \"Port\": 2}",
     "1:13: error: Port: given twice\n1:2: note: first here, line 1\n"},
    {"TwiceDeepInside", "{\"inbounds\": [{\"tag\": \"x\", \"s\": {\"a\": 1, \"a\": 2}}]}",
     "1:42: error: inbounds[0] (x).s.a: given twice\n1:34: note: first here, line 1\n"},
    {"TrailingComma", "{\"a\": [1, 2,],}",
     "1:12: warning: a: a comma before the closing \"]\": read as if it were not there, but V2Ray "
     "refuses "
     "it\n1:14: warning: a comma before the closing \"}\": read as if it were not there, but V2Ray "
     "refuses it\n"},
    {"ColumnsAreCharacters", "{\"\u00e4\u00f6\u00fc\": x}",
     "1:9: error: \u00e4\u00f6\u00fc: expected a value, got \"x\"\n"},
    {"ColumnsCountComments", "{/* \u20ac\u20ac */\"a\": x}",
     "1:15: error: a: expected a value, got \"x\"\n"},
    {"LinesCountInComments", "{/*\n\n*/\n\"a\": x}",
     "4:6: error: a: expected a value, got \"x\"\n"},
    {"CarriageReturns", "{\r\n\"a\": x}", "2:6: error: a: expected a value, got \"x\"\n"},
    {"ByteOrderMarkIsNoColumn", "\xef\xbb\xbf{x}",
     "1:2: error: expected a key in double quotes, got \"x\"\n"},
    {"TextFromOutsideIsEscaped", "{\"a\u202eb\": x}",
     "1:9: error: a\\u202eb: expected a value, got \"x\"\n"},
};
INSTANTIATE_TEST_SUITE_P(NodeJson, JsonMistakes, testing::ValuesIn(kMistakes),
                         [](const auto& one) { return caseName(one.param); });

TEST(NodeJson, ReadsCommentsOfThreeKindsAndByteOrderMark) {
  const Read read = json(
      "\xef\xbb\xbf// one\n{ # two\n \"a\": \"http://x#y/*z*/\", /* three\n } */ \"b\": [1, "
      "-2.5e+3, "
      "true, null]\n} // end");
  EXPECT_EQ(read.problems.text(), "");
  EXPECT_EQ(read.root["a"].text(), "http://x#y/*z*/");
  EXPECT_EQ(read.root["b"][1].text(), "-2.5e+3");
  EXPECT_EQ(read.root["b"].items().size(), 4u);
  EXPECT_EQ(read.root["b"].place().line, 4);
  EXPECT_EQ(read.root["b"].place().column, 12);
}

TEST(NodeJson, DecodesEscapes) {
  const Read read = json(R"(["\"\\\/\b\f\n\r\t", "\u00e4\u20AC\ud83d\ude00"])");
  EXPECT_EQ(read.problems.text(), "");
  EXPECT_EQ(read.root[std::size_t{0}].text(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read.root[1].text(), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(NodeJson, FindsKeysInAnyLetterCase) {
  const Read read = json(R"({"INBOUNDS": 1, "tag": 2, "Tag2": 3})");
  EXPECT_EQ(read.root["inbounds"].text(), "1");
  EXPECT_EQ(read.root["TAG"].text(), "2");
  EXPECT_FALSE(read.root["nothing"]);
}

TEST(NodeJson, GivesMissingKeysAPlaceAndAPath) {
  const Read read = json("{\n \"a\": [{\"tag\": \"t\"}]}");
  const Node missing = read.root["a"][std::size_t{0}]["port"];
  EXPECT_FALSE(missing);
  EXPECT_EQ(missing.path(), "a[0] (t).port");
  EXPECT_EQ(missing.place().line, 2);
  EXPECT_EQ(missing.place().column, 8);
}

TEST(NodeJson, HoldsTheDepthLimit_LIM_17) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_EQ(json(nested(kMaxDepth)).problems.text(), "");
  EXPECT_EQ(heads(json(nested(kMaxDepth + 1)).problems).substr(0, 43),
            "1:65: error: [0][0][0][0][0][0][0][0][0][0]");
  const std::string deep = heads(json(std::string(500'000, '[')).problems);
  EXPECT_NE(deep.find("nested deeper than 64 levels"), std::string::npos);
}

TEST(NodeJson, HoldsTheSizeLimits_LIM_17) {
  std::string large = "[";
  for (std::size_t i = 0; i < kMaxNodes; ++i) large += i == 0 ? "1" : ",1";
  EXPECT_NE(heads(json(large + "]").problems).find("more than 100000 values"), std::string::npos);

  const std::string full(kMaxFileBytes - 2, ' ');
  EXPECT_EQ(json("{" + full + "}").problems.text(), "");
  EXPECT_EQ(json("{" + full + " }").problems.text(), "f: error: the file is larger than 1 MiB\n");
}

TEST(NodeJson, ReadsBackWhatItWrites) {
  const std::string text = writeJson(json(dataFile("seed/node-a-bridge.json")).root);
  const Read again = json(text);
  EXPECT_EQ(again.problems.text(), "");
  EXPECT_EQ(writeJson(again.root), text);
}

TEST(NodeJson, SurvivesEveryPrefixAndEveryFlippedByte_CFG_6) {
  for (const char* name : {"seed/node-a-bridge.json", "seed/node-b-portal.json"}) {
    const std::string text = dataFile(name);
    ASSERT_GT(text.size(), 500u) << name;
    for (std::size_t length = 0; length < text.size(); ++length) {
      const Read read = json(text.substr(0, length));
      const bool isWhole = text.find_first_not_of(" \r\n", length) == std::string::npos;
      EXPECT_EQ(read.problems.errors() == 0, isWhole) << name << " cut at " << length;
    }
    for (std::size_t i = 0; i < text.size(); i += 7) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ 0x55);
      const Read read = json(std::move(changed));
      EXPECT_TRUE(read.root || read.problems.errors() > 0);
    }
  }
}

}  // namespace
}  // namespace culvert::config

#include "config/ConfigText.h"
#include "config/NodeReaders.h"
#include "config/Problems.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

std::string one(std::string text, int line, int column, int length, std::string message = "m",
                std::string hint = {}) {
  Problems problems;
  problems.error({sourceOf(std::move(text), "config.yaml"), line, column, length}, "a.b",
                 "bad-form", std::move(message), std::move(hint));
  return problems.text();
}

TEST(Problems, ShowPlaceLineMarkAndHint) {
  EXPECT_EQ(one("version: 1\nbridge:\n  server: vps.example.com\n", 3, 11, 15,
                "expected \"host:port\", got \"vps.example.com\"", "add the port"),
            "config.yaml:3:11: error: a.b: expected \"host:port\", got \"vps.example.com\"\n"
            "   3 |   server: vps.example.com\n"
            "     |           ^~~~~~~~~~~~~~~\n"
            "   hint: add the port\n");
}

TEST(Problems, MarkCharactersNotBytes) {
  EXPECT_EQ(one("\xc3\xa4\xc3\xb6: x\n", 1, 5, 1),
            "config.yaml:1:5: error: a.b: m\n   1 | \xc3\xa4\xc3\xb6: x\n     |     ^\n");
}

TEST(Problems, EscapeWhatForgesALine_LOG_1) {
  EXPECT_EQ(one("a\tb\x1b[31m\xe2\x80\xae: x\n", 1, 14, 1, "got \"\x1b[0m\""),
            "config.yaml:1:14: error: a.b: got \"\\x1b[0m\"\n"
            "   1 | a b\\x1b[31m\\u202e: x\n     |                     ^\n");
}

TEST(Problems, CutLongLinesAroundThePlace) {
  const std::string text =
      one("k: " + std::string(200, 'x') + "HERE" + std::string(200, 'y') + "\n", 1, 204, 4);
  EXPECT_NE(text.find("HERE"), std::string::npos);
  const std::size_t line = text.find("   1 | ") + 7, end = text.find('\n', line);
  EXPECT_LE(end - line, 126u);
  EXPECT_EQ(text.substr(line, 3), "...");
  const std::size_t mark = text.find('^');
  EXPECT_EQ(text.substr(mark, 4), "^~~~");
  EXPECT_EQ(text.substr(line + (mark - (end + 1) - 7), 4), "HERE");
}

TEST(Problems, HideLinesThatHoldASecret_KEY_4) {
  for (const char* line :
       {"id: b831381d-6324-4d53-ad4f-8cda48b30812", "  password: \"hunter2\"", "pasword: hunter2",
        "clients: [{id: 1234, alterId: 010}]", "{\"id\": \"1234\"}",
        "x: b831381d63244d53ad4f8cda48b30812", "token: t", "{\"psk\" : \"t\"}"}) {
    const std::string text = one(line, 1, 1, 1);
    EXPECT_EQ(text, "config.yaml:1:1: error: a.b: m\n") << line;
  }
  for (const char* line : {"id: {file: nas1.id}", "ip: 1.2.3.4", "id: { env: ID }",
                           "password:", "tag: b831381d-6324-4d53", "paths: x"}) {
    EXPECT_NE(one(line, 1, 1, 1).find(line), std::string::npos) << line;
  }
}

TEST(Problems, AreSortedByPositionAndCutAtTwenty) {
  Problems problems;
  const auto source = sourceOf("", "f");
  for (int line = 30; line > 0; --line) problems.error({source, line, 1, 1}, "", "x", "e");
  problems.warning({source, 5, 2, 1}, "", "x", "w");
  const std::string text = problems.text();
  EXPECT_EQ(text.substr(0, 12), "f:1:1: error");
  EXPECT_NE(text.find("f:5:1: error: e"), std::string::npos);
  EXPECT_LT(text.find("f:5:1: error: e"), text.find("f:5:2: warning: w"));
  EXPECT_EQ(text.find("f:21:1"), std::string::npos);
  EXPECT_NE(text.find("and 10 more errors\n"), std::string::npos);
  EXPECT_EQ(problems.errors(), 30u);
  EXPECT_EQ(problems.warnings(), 1u);
}

TEST(Problems, KeepTheSameOneOnce) {
  Problems problems;
  const auto source = sourceOf("a: 1", "f");
  problems.error({source, 1, 1, 1}, "a", "x", "m");
  problems.error({source, 1, 1, 1}, "a", "x", "m");
  problems.error({source, 1, 2, 1}, "a", "x", "m");
  EXPECT_EQ(problems.errors(), 2u);
}

TEST(Problems, NameASecondPlace) {
  Problems problems;
  const auto source = sourceOf("a: 1\na: 2\n", "f");
  Problem twice;
  twice.place = {source, 2, 1, 1};
  twice.path = "a";
  twice.message = "given twice";
  Problem::Related& first = twice.related.emplace_back();
  first.place = {source, 1, 1, 1};
  first.message = "first here, line 1";
  problems.add(twice);
  EXPECT_EQ(
      problems.text(),
      "f:2:1: error: a: given twice\n   2 | a: 2\n     | ^\nf:1:1: note: first here, line 1\n");
}

TEST(Problems, AreAlsoJson) {
  Problems problems;
  const auto source = sourceOf("a: 1\n", "f");
  Problem known;
  known.severity = Severity::Warning;
  known.place = {source, 1, 4, 1};
  known.path = "a";
  known.code = "bad-form";
  known.message = "got \"1\"";
  known.hint = "h";
  Problem::Related& other = known.related.emplace_back();
  other.place = {source, 1, 1, 1};
  other.message = "there";
  problems.add(known);
  Problems again;
  const Node root = parseJson(sourceOf(problems.json()), again);
  ASSERT_EQ(again.text(), "");
  const Node first = root[std::size_t{0}];
  EXPECT_EQ(first["file"].text(), "f");
  EXPECT_EQ(first["line"].text(), "1");
  EXPECT_EQ(first["column"].text(), "4");
  EXPECT_EQ(first["path"].text(), "a");
  EXPECT_EQ(first["severity"].text(), "warning");
  EXPECT_EQ(first["code"].text(), "bad-form");
  EXPECT_EQ(first["message"].text(), "got \"1\"");
  EXPECT_EQ(first["hint"].text(), "h");
  EXPECT_EQ(first["related"][std::size_t{0}]["message"].text(), "there");
  EXPECT_EQ(Problems().json(), "[]\n");
}

}  // namespace
}  // namespace culvert::config

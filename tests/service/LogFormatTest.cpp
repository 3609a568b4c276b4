#include "service/LogFormat.h"

#include <Poco/Message.h>
#include <gtest/gtest.h>

#include <regex>

namespace culvert::service {
namespace {

std::string line(LogFormat::Style style, const Poco::Message& message) {
  std::string text;
  Poco::AutoPtr<LogFormat>(new LogFormat(style))->format(message, text);
  return text;
}
Poco::Message event(const char* text,
                    Poco::Message::Priority priority = Poco::Message::PRIO_INFORMATION) {
  return {"reverse", text, priority};
}

TEST(LogFormat, WritesTimeLevelAndSource) {
  const std::string text =
      line(LogFormat::Style::Text, event("link 3 to vps.example.com:16823 is up"));
  EXPECT_TRUE(std::regex_match(
      text, std::regex(
                R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}([+-]\d\d:\d\d|Z) info reverse: link 3 to )"
                R"(vps\.example\.com:16823 is up)")))
      << text;
  EXPECT_NE(line(LogFormat::Style::Text, event("x", Poco::Message::PRIO_WARNING))
                .find(" warning reverse: x"),
            std::string::npos);
  EXPECT_NE(
      line(LogFormat::Style::Text, event("x", Poco::Message::PRIO_ERROR)).find(" error reverse: x"),
      std::string::npos);
  EXPECT_NE(
      line(LogFormat::Style::Text, event("x", Poco::Message::PRIO_DEBUG)).find(" debug reverse: x"),
      std::string::npos);
}

TEST(LogFormat, KeepsAnEventOnOneLine_LOG_1) {
  const std::string text = line(LogFormat::Style::Text, event("a\nb\r\x1b]0;c"));
  EXPECT_EQ(text.find_first_of("\n\r\x1b"), std::string::npos);
  EXPECT_LE(line(LogFormat::Style::Text, event(std::string(65536, 'x').c_str())).size(),
            4096u + 64u);
  EXPECT_EQ(line(LogFormat::Style::Json, event("a\nb")).find('\n'), std::string::npos);
}

TEST(LogFormat, WritesJson) {
  const std::string text = line(LogFormat::Style::Json, event("say \"hi\""));
  EXPECT_NE(text.find(R"("level":"info","source":"reverse","message":"say \"hi\""})"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.substr(0, 9), R"({"time":")");
}

TEST(LogFormat, WritesAccessLinesBare) {
  const Poco::Message access("access", "[417] from=203.0.113.7:51234 in=external end=ok",
                             Poco::Message::PRIO_INFORMATION);
  const std::string text = line(LogFormat::Style::Text, access);
  EXPECT_TRUE(text.ends_with(" [417] from=203.0.113.7:51234 in=external end=ok")) << text;
  EXPECT_EQ(text.find("info"), std::string::npos);
}

TEST(LogFormat, GivesAnAccessLinesFieldsTheirMembers) {
  EXPECT_EQ(
      accessMembers(
          R"([417] from=203.0.113.7:51234 in="my inbound" up=512 down=10240 time=0.734 end="a \"b\"")"),
      R"(,"session":417,"from":"203.0.113.7:51234","in":"my inbound","up":512,"down":10240,"time":0.734,"end":"a \"b\"")");
  EXPECT_EQ(accessMembers(""), "");
}

TEST(LogFormat, LeavesTimeToTheSystemLog) {
  EXPECT_EQ(line(LogFormat::Style::Bare, event("x")), "reverse: x");
}

}  // namespace
}  // namespace culvert::service

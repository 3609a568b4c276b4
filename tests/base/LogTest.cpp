#include "base/Log.h"

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/Logger.h>
#include <Poco/Message.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace culvert {
namespace {

class Recorder final : public Poco::Channel {
 public:
  void log(const Poco::Message& message) override { lines.push_back(message.getText()); }
  std::vector<std::string> lines;
};

class LogTest : public testing::Test {
 protected:
  LogTest() : recorder_(new Recorder) {
    Poco::Logger::get("logtest").setChannel(recorder_);
    Log::setLevel(LogLevel::Info);
  }
  Poco::AutoPtr<Recorder> recorder_;
  static constexpr Log kLog{"logtest"};
};

TEST_F(LogTest, PutsThePiecesTogether) {
  kLog.warning("link ", 3, " lost: ", make_error_code(std::errc::connection_reset),
               "; next dial in ", std::chrono::milliseconds(250), " or ", std::chrono::seconds(2));
  ASSERT_EQ(recorder_->lines.size(), 1U);
  EXPECT_EQ(recorder_->lines[0],
            "link 3 lost: Connection reset by peer; next dial in 250 ms or 2 s");
}

TEST_F(LogTest, DropsWhatIsBelowTheLevel) {
  kLog.debug("unseen");
  EXPECT_TRUE(recorder_->lines.empty());
}

TEST_F(LogTest, FoldsAFloodOfOneKind_LOG_4) {
  for (int i = 0; i < 1000; ++i) kLog.info("flood ", i);
  kLog.info("something else");
  EXPECT_LE(recorder_->lines.size(), 12U);
  EXPECT_EQ(recorder_->lines.back(), "something else");
}

TEST(Escaping, LeavesNoWayToForgeALine_LOG_1) {
  const std::string forged =
      "a\n2026/01/01 accepted \x1b]0;title\x07 \xff\xfe \"q\" \\ \xe2\x80\xa8 \xc2\x9b";
  const std::string safe = inQuotes(forged);
  EXPECT_EQ(
      safe,
      "\"a\\x0a2026/01/01 accepted \\x1b]0;title\\x07 \\xff\\xfe \\\"q\\\" \\\\ \\u2028 \\u009b\"");
}

TEST(Escaping, KeepsWellFormedUtf8) {
  EXPECT_EQ(inQuotes("b\xc3\xbc"
                     "cher \xe6\x97\xa5"),
            "\"b\xc3\xbc"
            "cher \xe6\x97\xa5\"");
}

TEST(Escaping, RefusesOverlongAndSurrogateForms) {
  EXPECT_EQ(inQuotes("\xc0\xaf"), "\"\\xc0\\xaf\"");
  EXPECT_EQ(inQuotes("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"");
  EXPECT_EQ(inQuotes("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\"");
}

TEST(Escaping, CutsWhatIsTooLong_LOG_1) {
  EXPECT_LE(inQuotes(std::string(65536, '\n')).size(), 300U);
}

}  // namespace
}  // namespace culvert

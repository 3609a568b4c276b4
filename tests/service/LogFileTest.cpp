#include "service/LogFile.h"
#include "service/TempFolder.h"

#include <Poco/AutoPtr.h>
#include <Poco/Message.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace culvert::service {
namespace {

using Perms = std::filesystem::perms;

Poco::Message line(const std::string& text) {
  return {"test", text, Poco::Message::PRIO_INFORMATION};
}
Poco::AutoPtr<LogFile> open(const std::string& path, std::size_t maxBytes = LogFile::kMaxBytes) {
  return new LogFile(path, maxBytes);
}

TEST(LogFile, AppendsToWhatIsThere) {
  const TempFolder folder;
  folder.write("a.log", "old\n");
  open(folder.path("a.log"))->log(line("new"));
  EXPECT_EQ(folder.read("a.log"), "old\nnew\n");
}

TEST(LogFile, IsNotForEverybody_LOG_3) {
  const TempFolder folder;
  open(folder.path("a.log"));
  EXPECT_EQ(std::filesystem::status(folder.path("a.log")).permissions() &
                (Perms::others_all | Perms::group_write),
            Perms::none);
}

TEST(LogFile, RotatesBySizeAndKeepsFive_LOG_3) {
  const TempFolder folder;
  auto file = open(folder.path("a.log"), 100);
  for (int i = 0; i < 200; ++i) file->log(line("line " + std::to_string(i)));
  EXPECT_TRUE(folder.has("a.log.5"));
  EXPECT_FALSE(folder.has("a.log.6"));
  EXPECT_TRUE(folder.read("a.log").ends_with("line 199\n"));
  EXPECT_LE(folder.read("a.log.1").size(), 110u);
  EXPECT_TRUE((folder.read("a.log.1") + folder.read("a.log")).ends_with("line 199\n"));
}

TEST(LogFile, FollowsNoLink_LOG_3) {
  const TempFolder folder;
  folder.write("victim", "precious");
  std::filesystem::create_symlink(folder.path("victim"), folder.path("a.log"));
  EXPECT_THROW(open(folder.path("a.log")), std::runtime_error);
  EXPECT_EQ(folder.read("victim"), "precious");
}

TEST(LogFile, TrustsNoFolderThatOthersMayWriteTo_LOG_3) {
  const TempFolder folder;
  std::filesystem::permissions(folder.path(), Perms::all);
  EXPECT_THROW(open(folder.path("a.log")), std::runtime_error);
}

TEST(LogFile, SaysWhyItCannotBeOpened) {
  const TempFolder folder;
  try {
    open(folder.path("missing/a.log"));
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("No such file"), std::string::npos) << error.what();
  }
}

TEST(LogFile, StartsAnewWhenItWasMovedAwayAndReopened) {
  const TempFolder folder;
  auto file = open(folder.path("a.log"));
  file->log(line("first"));
  std::filesystem::rename(folder.path("a.log"), folder.path("b.log"));
  file->log(line("second"));
  file->open();
  file->log(line("third"));
  EXPECT_EQ(folder.read("b.log"), "first\nsecond\n");
  EXPECT_EQ(folder.read("a.log"), "third\n");
}

}  // namespace
}  // namespace culvert::service

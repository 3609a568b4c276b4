#include "service/PidFile.h"
#include "service/TempFolder.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace culvert::service {
namespace {

std::string whyNot(const std::string& path) {
  PidFile file;
  try {
    file.lock(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(PidFile, HoldsThisProcesssNumberAndGoesWithIt) {
  const TempFolder folder;
  {
    PidFile file;
    file.lock(folder.path("c.pid"));
    file.write();
    EXPECT_GT(std::stoi(folder.read("c.pid")), 1);
    const std::string pid = folder.read("c.pid").substr(0, folder.read("c.pid").size() - 1);
    EXPECT_EQ(whyNot(folder.path("c.pid")), "already running (pid " + pid + ")");
  }
  EXPECT_FALSE(folder.has("c.pid"));
}

TEST(PidFile, OverwritesALeftOver_F_KILL9) {
  const TempFolder folder;
  folder.write("c.pid", "1234567\nand more\n");
  PidFile file;
  file.lock(folder.path("c.pid"));
  file.write();
  EXPECT_EQ(folder.read("c.pid").find("1234567"), std::string::npos);
  EXPECT_EQ(folder.read("c.pid").find("more"), std::string::npos);
}

TEST(PidFile, SaysWhyItCannotBeOpened) {
  const TempFolder folder;
  EXPECT_NE(whyNot(folder.path("missing/c.pid")).find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace culvert::service

#include "config/ConfigText.h"
#include "config/Files.h"
#include "config/Model.h"
#include "config/NodeReaders.h"
#include "config/Secrets.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace culvert::config {
namespace {

namespace fs = std::filesystem;

class Secrets : public testing::Test {
 protected:
  Secrets() {
    std::string name = (fs::temp_directory_path() / "culvert-secrets-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Secrets() override { fs::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  /// The value under `id` of a YAML file in the folder; the messages in `problems_`.
  Node resolve(const std::string& id) {
    problems_ = {};
    Problems syntax;
    const auto source = makeSource("c.yaml", "id: " + id + "\n", folder_.string());
    const Node root = parseYaml(source, syntax);
    EXPECT_EQ(syntax.text(), "");
    return resolveReference(root["id"], problems_);
  }

  fs::path folder_;
  Problems problems_;
};

TEST_F(Secrets, AreReadFromAFileBesideTheConfiguration) {
  put("nas1.id", "  the secret \t\r\nsecond line\n");
  const Node value = resolve("{file: nas1.id}");
  EXPECT_EQ(problems_.text(), "");
  EXPECT_EQ(value.text(), "the secret");
  EXPECT_TRUE(value.isSecret());
  EXPECT_EQ(value.path(), "id");
  EXPECT_EQ(value.place().line, 1);
  EXPECT_TRUE(value.reference().isMap());
  EXPECT_EQ(found(value), "(hidden)");
}

TEST_F(Secrets, AreReadThroughLinks) {
  const std::string target = put("real", "x");
  fs::create_symlink(target, folder_ / "link");
  EXPECT_EQ(resolve("{file: link}").text(), "x");
}

TEST_F(Secrets, AreRefusedByModeAndKind_KEY_2) {
  const auto refused = [this](const std::string& name, const std::string& words) {
    EXPECT_FALSE(resolve("{file: " + name + "}"));
    EXPECT_NE(heads(problems_).find(words), std::string::npos) << heads(problems_);
    EXPECT_EQ(heads(problems_).substr(0, 16), "1:5: error: id: ");
  };
  put("open", "x", 0644);
  refused("open", "is readable by everybody");
  put("group", "x", 0640);
  EXPECT_EQ(resolve("{file: group}").text(), "x");
  fs::create_directory(folder_ / "dir");
  refused("dir", "Is a directory");
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  refused("fifo", "cannot read");
  refused("missing", "No such file");
  put("empty", "");
  refused("empty", "is empty");
  put("blank", " \n x");
  refused("blank", "is empty");
  put("large", std::string(64 * 1024 + 1, 'x'));
  refused("large", "File too large");
  put("bom", "\xef\xbb\xbfx");
  refused("bom", "byte order mark");
  put("latin", "\xe4\xf6");
  refused("latin", "is not UTF-8");
  put("control",
      "a\x01"
      "b");
  refused("control", "control character");
  const fs::path shared = folder_ / "shared";
  fs::create_directory(shared);
  fs::create_symlink(put("real", "x"), shared / "link");
  EXPECT_EQ(resolve("{file: shared/link}").text(), "x");
  ASSERT_EQ(::chmod(shared.c_str(), 01777), 0);
  refused("shared/link", "is a link in a folder that others may write to");
  if (::geteuid() == 0) {
    const std::string path = put("stranger", "x");
    ASSERT_EQ(::chown(path.c_str(), 4711, 4711), 0);
    refused("stranger", "belongs to somebody else");
  }
}

TEST_F(Secrets, AreReadFromTheEnvironment) {
  ::setenv("CULVERT_TEST_ID", "from outside", 1);
  EXPECT_EQ(resolve("{env: CULVERT_TEST_ID}").text(), "from outside");
  ::setenv("CULVERT_TEST_ID", "", 1);
  EXPECT_FALSE(resolve("{env: CULVERT_TEST_ID}"));
  EXPECT_EQ(heads(problems_), "1:5: error: id: the variable \"CULVERT_TEST_ID\" is empty\n");
  ::unsetenv("CULVERT_TEST_ID");
  EXPECT_FALSE(resolve("{env: CULVERT_TEST_ID}"));
  EXPECT_EQ(heads(problems_),
            "1:5: error: id: the environment has no variable \"CULVERT_TEST_ID\"\n");
}

TEST_F(Secrets, AreReadFromSystemdsCredentials) {
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_FALSE(resolve("{credential: nas1}"));
  EXPECT_EQ(heads(problems_),
            "1:5: error: id: there are no credentials: systemd sets CREDENTIALS_DIRECTORY\n");
  put("nas1", "x\n", 0400);
  ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
  EXPECT_EQ(resolve("{credential: nas1}").text(), "x");
  EXPECT_FALSE(resolve("{credential: ../nas1}"));
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(Secrets, AreReferencesOnlyAloneInTheirMap) {
  Problems syntax;
  const Node root =
      parseYaml(sourceOf("a: {file: x, env: y}\nb: {path: x}\nc: [file]\nd: {env: [x]}\n"), syntax);
  EXPECT_FALSE(isReference(root["a"]));
  EXPECT_FALSE(isReference(root["b"]));
  EXPECT_FALSE(isReference(root["c"]));
  EXPECT_TRUE(isReference(root["d"]));
  EXPECT_FALSE(resolveReference(root["d"], problems_));
  EXPECT_EQ(heads(problems_), "4:10: error: d.env: expected a name, got a list\n");
  EXPECT_FALSE(isReference(parseJson(sourceOf("{\"env\": \"x\"}"), syntax)));
}

TEST_F(Secrets, KnowPublishedIds_KEY_7) {
  EXPECT_TRUE(isPublishedId(*parseUuid("b831381d-6324-4d53-ad4f-8cda48b30811")));
  EXPECT_TRUE(isPublishedId(*parseUuid("00000000000000000000000000000000")));
  EXPECT_FALSE(isPublishedId(*parseUuid("c831381d-6324-4d53-ad4f-8cda48b30811")));
}

// ---- Loading from files.

constexpr const char* kPortal =
    R"({"inbounds": [{"tag": "t", "port": 16823, "protocol": "vmess", "settings":
{"clients": [{"id": "c831381d-6324-4d53-ad4f-8cda48b30811"}]}}], "outbounds": [{"protocol": "blackhole"}]})";

TEST_F(Secrets, InAReadableConfigurationWarn_KEY_2) {
  const std::string open = put("open.json", kPortal, 0644),
                    closed = put("closed.json", kPortal, 0640);
  EXPECT_EQ(load(open).problems.text(),
            open +
                ": warning: readable by everybody (mode 0644) and holds a secret\n"
                "   hint: chmod 600 " +
                open + "\n");
  EXPECT_EQ(load(closed).problems.text(), "");
  const std::string harmless =
      put("harmless.json", R"({"inbounds": [{"port": 1, "protocol": "dokodemo-door"}]})", 0644);
  EXPECT_EQ(load(harmless).problems.text(), "");
}

TEST_F(Secrets, AConfigurationThatOthersCanExchangeWarns_KEY_2) {
  const fs::path shared = folder_ / "shared";
  fs::create_directory(shared);
  ASSERT_EQ(::chmod(shared.c_str(), 01777), 0);
  const std::string real = put("real.json", kPortal, 0600), link = shared / "link.json";
  fs::create_symlink(real, link);
  EXPECT_EQ(load(link).problems.text(),
            link +
                ": warning: is a link in a folder that others may write to\n"
                "   hint: name the file that it leads to\n");
  EXPECT_EQ(load(real).problems.text(), "");
  if (::geteuid() != 0) return;
  ASSERT_EQ(::chown(real.c_str(), 4711, 4711), 0);
  EXPECT_EQ(load(real).problems.text(),
            real +
                ": warning: belongs to somebody else, who can change it\n"
                "   hint: its owner should be root or the account this program runs as\n");
}

TEST_F(Secrets, LoadingTakesRegularFilesOnly_CFG_6) {
  const auto fails = [](const std::string& path, std::errc why) {
    try {
      load(path);
      ADD_FAILURE() << path << " was read";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::make_error_condition(why)) << path << ": " << error.what();
    }
  };
  fails((folder_ / "missing.json").string(), std::errc::no_such_file_or_directory);
  fails(folder_.string(), std::errc::is_a_directory);
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  fails((folder_ / "fifo").string(), std::errc::not_supported);
  fails("/dev/null", std::errc::not_supported);
  fails(put("large.json", "{" + std::string(kMaxFileBytes, ' ')), std::errc::file_too_large);
  EXPECT_EQ(load(put("full.json", std::string(kMaxFileBytes - 2, ' ') + "{}")).problems.errors(),
            0u);
}

}  // namespace
}  // namespace culvert::config

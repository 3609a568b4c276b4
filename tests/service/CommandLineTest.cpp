#include "service/CommandLine.h"

#include <gtest/gtest.h>

#include <sstream>

namespace culvert::service {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> list;
  for (std::string word; in >> word;) list.push_back(word);
  return list;
}
CommandLine good(const std::string& text) {
  auto parsed = parseCommandLine(words(text));
  if (const auto* error = std::get_if<UsageError>(&parsed))
    ADD_FAILURE() << text << ": " << error->text;
  return std::holds_alternative<CommandLine>(parsed) ? std::get<CommandLine>(parsed)
                                                     : CommandLine{};
}
std::string bad(const std::string& text) {
  auto parsed = parseCommandLine(words(text));
  if (std::holds_alternative<CommandLine>(parsed)) return "";
  return std::get<UsageError>(parsed).text;
}

using Command = CommandLine::Command;

TEST(CommandLine, ReadsRun) {
  const CommandLine line =
      good("run -c a.yaml --strict --daemon --pidfile=/run/c.pid --user=culvert --state=/s");
  EXPECT_EQ(line.command, Command::Run);
  EXPECT_EQ(line.file, "a.yaml");
  EXPECT_TRUE(line.strict);
  EXPECT_TRUE(line.daemon);
  EXPECT_EQ(line.pidFile, "/run/c.pid");
  EXPECT_EQ(line.user, "culvert");
  EXPECT_EQ(line.state, "/s");
}

TEST(CommandLine, TakesTheFileWithAndWithoutItsOption) {
  EXPECT_EQ(good("run a.json").file, "a.json");
  EXPECT_EQ(good("run -c a.json").file, "a.json");
  EXPECT_EQ(good("check a.json --strict").file, "a.json");
  EXPECT_EQ(good("run").file, "");
  EXPECT_EQ(good("run --user culvert a.json").file, "a.json");
}

TEST(CommandLine, ReadsCheckAndWhatToExplain) {
  EXPECT_EQ(good("check a --format json").format, CommandLine::Format::Json);
  EXPECT_EQ(good("check a --explain 443").explainPort, "443");
  EXPECT_EQ(good("check a --explain cloud.example.com").explainHost, "cloud.example.com");
  for (const char* text :
       {"check a --explain 443 cloud.example.com", "check -c a --explain 443 cloud.example.com"}) {
    const CommandLine line = good(text);
    EXPECT_EQ(line.file, "a");
    EXPECT_EQ(line.explainPort, "443");
    EXPECT_EQ(line.explainHost, "cloud.example.com");
  }
}

TEST(CommandLine, ReadsConvertInitAndTheRest) {
  EXPECT_EQ(good("convert a --to v2ray").to, CommandLine::Target::V2Ray);
  EXPECT_EQ(good("convert a --to yaml -o out").output, "out");
  EXPECT_EQ(good("convert a --from v2ray").to, CommandLine::Target::Yaml);
  EXPECT_TRUE(good("convert a --to v2ray --show-secrets").showSecrets);
  EXPECT_EQ(good("init bridge").role, CommandLine::Role::Bridge);
  EXPECT_EQ(good("init portal --server vps:1 -o x").server, "vps:1");
  EXPECT_EQ(good("id").command, Command::Id);
  EXPECT_EQ(good("schema").command, Command::Schema);
  EXPECT_EQ(good("version --json").format, CommandLine::Format::Json);
  EXPECT_EQ(good("--version").command, Command::Version);
  EXPECT_EQ(good("--help").command, Command::Help);
  EXPECT_EQ(good("run --help").command, Command::Help);
}

TEST(CommandLine, SaysWhatIsWrong) {
  EXPECT_EQ(bad(""), "no command given");
  EXPECT_EQ(bad("start"), "unknown command \"start\"");
  EXPECT_EQ(bad("run --deamon"), "unknown option --deamon of \"culvert run\"");
  EXPECT_EQ(bad("check --daemon"), "unknown option --daemon of \"culvert check\"");
  EXPECT_EQ(bad("run --daemon=yes"), "--daemon takes no value");
  EXPECT_EQ(bad("run --user"), "--user needs a value");
  EXPECT_EQ(bad("run --user="), "--user needs a value");
  EXPECT_EQ(bad("run a b"), "two configuration files given: a and b");
  EXPECT_EQ(bad("run --pidfile=c.pid"), "--pidfile needs an absolute path");
  EXPECT_EQ(bad("convert a"), "convert needs --to v2ray or --to yaml");
  EXPECT_EQ(bad("convert a --to xray"), "--to is v2ray or yaml");
  EXPECT_EQ(bad("init"), "init needs bridge or portal");
  EXPECT_EQ(bad("init both"), "init is for a bridge or a portal, not for \"both\"");
  EXPECT_EQ(bad("id x"), "unexpected \"x\"");
  EXPECT_EQ(bad("check --format xml"), "--format is text or json");
}

}  // namespace
}  // namespace culvert::service

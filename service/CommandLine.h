// The command line: which command, on which file, with which options.  Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace culvert::service {

/// Exit statuses; the manual lists them.
constexpr int kGood = 0;
constexpr int kWarnings = 1;    ///< only warnings, with --strict
constexpr int kErrors = 2;      ///< the configuration has errors
constexpr int kUnreadable = 3;  ///< the configuration cannot be read
constexpr int kUsage = 64;      ///< wrong command line
constexpr int kInternal = 70;
constexpr int kCannotOpen = 74;  ///< a listener, the pid file or an output file

struct CommandLine {
  enum class Command { Run, Check, Convert, Init, Id, Schema, Version, Help };
  enum class Format { Text, Json };
  enum class Target { None, V2Ray, Yaml };
  enum class Role { None, Bridge, Portal };

  Command command = Command::Help;
  std::string file;  ///< empty: the usual place
  bool strict = false;
  // run
  bool daemon = false;
  std::string pidFile, user, state;
  // check
  Format format = Format::Text;
  std::optional<std::string> explainPort, explainHost;
  // convert
  Target to = Target::None;
  bool showSecrets = false;
  // schema
  bool reference = false;  ///< the manual's page instead
  // convert and init
  std::string output;
  // init
  Role role = Role::None;
  std::string server;
};

/// What is wrong with a command line.
struct UsageError {
  std::string text;
};

/// Reads the arguments behind the program's name.
std::variant<CommandLine, UsageError> parseCommandLine(const std::vector<std::string>& arguments);

/// The whole help.
std::string usage();

}  // namespace culvert::service

#include "service/CommandLine.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace culvert::service {
namespace {

using Command = CommandLine::Command;

constexpr std::array<std::pair<std::string_view, Command>, 8> kCommands{{
    {"run", Command::Run},
    {"check", Command::Check},
    {"convert", Command::Convert},
    {"init", Command::Init},
    {"id", Command::Id},
    {"schema", Command::Schema},
    {"version", Command::Version},
    {"help", Command::Help},
}};

/// The options a command knows; those with a value end in '='.
std::vector<std::string_view> optionsOf(Command command) {
  switch (command) {
    case Command::Run:
      return {"-c=", "--strict", "--daemon", "--pidfile=", "--user=", "--state="};
    case Command::Check:
      return {"-c=", "--strict", "--format=", "--explain="};
    case Command::Convert:
      return {"-c=", "--to=", "--from=", "-o=", "--show-secrets"};
    case Command::Init:
      return {"--server=", "-o="};
    case Command::Version:
      return {"--json"};
    case Command::Schema:
      return {"--reference"};
    case Command::Id:
    case Command::Help:
      return {};
  }
  return {};
}

bool isPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  std::variant<CommandLine, UsageError> read() {
    if (arguments_.empty()) return UsageError{"no command given"};
    const std::string& word = arguments_[at_++];
    if (word == "--help" || word == "-h") return line_;
    if (word == "--version") {
      line_.command = Command::Version;
    } else {
      const auto* const found = std::find_if(kCommands.begin(), kCommands.end(),
                                             [&](const auto& each) { return each.first == word; });
      if (found == kCommands.end()) return UsageError{"unknown command \"" + word + "\""};
      line_.command = found->second;
      name_ = word;
    }
    while (at_ < arguments_.size() && error_.empty()) readOne();
    if (error_.empty()) complete();
    if (!error_.empty()) return UsageError{error_};
    return line_;
  }

 private:
  void readOne() {
    std::string word = arguments_[at_++];
    if (word == "--help" || word == "-h") {
      line_.command = Command::Help;
      at_ = arguments_.size();
      return;
    }
    if (word.size() < 2 || word.front() != '-') return operand(std::move(word));

    std::optional<std::string> value;
    if (const std::size_t equals = word.find('=');
        word.starts_with("--") && equals != std::string::npos) {
      value = word.substr(equals + 1);
      word.resize(equals);
    }
    const std::vector<std::string_view> known = optionsOf(line_.command);
    const bool takesValue = std::find(known.begin(), known.end(), word + "=") != known.end();
    if (!takesValue && std::find(known.begin(), known.end(), word) == known.end()) {
      error_ = "unknown option " + word + (name_.empty() ? "" : " of \"culvert " + name_ + "\"");
      return;
    }
    if (!takesValue && value) {
      error_ = word + " takes no value";
      return;
    }
    if (takesValue && !value) {
      if (at_ == arguments_.size()) {
        error_ = word + " needs a value";
        return;
      }
      value = arguments_[at_++];
    }
    if (takesValue && value->empty()) {
      error_ = word + " needs a value";
      return;
    }
    option(word, value.value_or(""));
  }

  void option(std::string_view name, const std::string& value) {
    if (name == "-c") {
      setFile(value);
    } else if (name == "--strict") {
      line_.strict = true;
    } else if (name == "--daemon") {
      line_.daemon = true;
    } else if (name == "--pidfile") {
      line_.pidFile = value;
    } else if (name == "--user") {
      line_.user = value;
    } else if (name == "--state") {
      line_.state = value;
    } else if (name == "--format" || name == "--json") {
      if (name == "--json" || value == "json") {
        line_.format = CommandLine::Format::Json;
      } else if (value != "text") {
        error_ = "--format is text or json";
      }
    } else if (name == "--explain") {
      explain(value);
      // "--explain 443 cloud.example.com": the name may follow.
      if (at_ < arguments_.size() && line_.explainPort && !line_.explainHost &&
          !line_.file.empty() && !arguments_[at_].starts_with('-')) {
        explain(arguments_[at_++]);
      }
    } else if (name == "--to" || name == "--from") {
      const bool from = name == "--from";
      if (value == "v2ray") {
        line_.to = from ? CommandLine::Target::Yaml : CommandLine::Target::V2Ray;
      } else if (value == "yaml" && !from) {
        line_.to = CommandLine::Target::Yaml;
      } else {
        error_ = from ? "--from is v2ray" : "--to is v2ray or yaml";
      }
    } else if (name == "--show-secrets") {
      line_.showSecrets = true;
    } else if (name == "--reference") {
      line_.reference = true;
    } else if (name == "-o") {
      line_.output = value;
    } else if (name == "--server") {
      line_.server = value;
    }
  }

  void explain(const std::string& value) {
    (isPort(value) ? line_.explainPort : line_.explainHost) = value;
  }

  void operand(std::string word) {
    switch (line_.command) {
      case Command::Run:
      case Command::Check:
      case Command::Convert:
        return setFile(std::move(word));
      case Command::Init:
        if (line_.role == CommandLine::Role::None && (word == "bridge" || word == "portal")) {
          line_.role = word == "bridge" ? CommandLine::Role::Bridge : CommandLine::Role::Portal;
          return;
        }
        error_ = "init is for a bridge or a portal, not for \"" + word + "\"";
        return;
      case Command::Id:
      case Command::Schema:
      case Command::Version:
      case Command::Help:
        error_ = "unexpected \"" + word + "\"";
        return;
    }
  }

  void setFile(std::string file) {
    // A second word behind "--explain 443" is the host.
    if (!line_.file.empty() && line_.explainPort && !line_.explainHost) {
      line_.explainHost = std::move(file);
    } else if (!line_.file.empty()) {
      error_ = "two configuration files given: " + line_.file + " and " + file;
    } else {
      line_.file = std::move(file);
    }
  }

  void complete() {
    if (line_.command == Command::Convert && line_.to == CommandLine::Target::None) {
      error_ = "convert needs --to v2ray or --to yaml";
    }
    if (line_.command == Command::Init && line_.role == CommandLine::Role::None) {
      error_ = "init needs bridge or portal";
    }
    if (line_.command == Command::Run && !line_.pidFile.empty() && line_.pidFile.front() != '/') {
      error_ = "--pidfile needs an absolute path";
    }
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  CommandLine line_;
  std::string name_, error_;
};

}  // namespace

std::variant<CommandLine, UsageError> parseCommandLine(const std::vector<std::string>& arguments) {
  return Reader(arguments).read();
}

std::string usage() {
  return R"(usage:
  culvert run [FILE] [--strict] [--daemon] [--pidfile=PATH] [--user=NAME] [--state=DIR]
  culvert check [FILE] [--strict] [--format text|json] [--explain PORT|HOST]
  culvert convert [FILE] --to v2ray|yaml [-o OUT] [--show-secrets]
  culvert init bridge|portal [--server HOST:PORT] [-o OUT]
  culvert id
  culvert schema [--reference]
  culvert version [--json]

FILE may also be written -c FILE; without one it is /etc/culvert/config.yaml.

exit status: 0 good; 1 only warnings, with --strict; 2 errors in the configuration; 3 file unreadable;
64 wrong command line; 70 internal error; 74 a listener, the pid file or OUT cannot be opened
)";
}

}  // namespace culvert::service

#include "service/Commands.h"

#include "app/ReachTable.h"
#include "base/Uuid.h"
#include "config/Friendly.h"
#include "config/Grammar.h"
#include "config/Init.h"
#include "config/NodeWriters.h"
#include "config/Schema.h"
#include "crypto/Random.h"
#include "service/Checked.h"
#include "service/Explain.h"
#include "service/LogFormat.h"
#include "service/OutputFile.h"
#include "service/Reference.h"
#include "service/Version.h"

#include <string>
#include <system_error>
#include <variant>

namespace culvert::service {
namespace {

/// Runs `work`; a file that cannot be read is told and ends with status 3.
template <class Work>
int reading(const CommandLine& line, std::ostream& err, Work work) {
  try {
    return work();
  } catch (const std::system_error& error) {
    err << "culvert: " << line.file << ": " << error.code().message() << "\n";
    return kUnreadable;
  }
}

int checkCommand(const CommandLine& line, std::ostream& out, std::ostream& err) {
  return reading(line, err, [&] {
    std::vector<std::string> said;
    const Checked checked = check(line.file, [&](const app::Instance& instance) {
      if (line.explainPort || line.explainHost) {
        said = explain(instance, line.explainPort, line.explainHost);
      } else {
        said = app::reachTable(instance.model(), instance.plan());
      }
    });
    const bool json = line.format == CommandLine::Format::Json;
    if (json) {
      out << checked.problems.json() << "\n";
    } else {
      err << checked.problems.text();
      for (const std::string& text : said) out << text << "\n";
      const auto count = [](std::size_t n, const char* what) {
        return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
      };
      out << line.file << ": " << count(checked.problems.errors(), "error") << ", "
          << count(checked.problems.warnings(), "warning") << "\n";
    }
    return checked.status(line.strict);
  });
}

int writeOrPrint(const CommandLine& line, const std::string& text, std::ostream& out,
                 std::ostream& err) {
  if (line.output.empty()) {
    out << text;
    return kGood;
  }
  try {
    writeNewFile(line.output, text);
    return kGood;
  } catch (const std::system_error& error) {
    err << "culvert: " << line.output << ": "
        << (error.code() == std::errc::file_exists ? "is there already; nothing is overwritten"
                                                   : error.code().message())
        << "\n";
    return kCannotOpen;
  }
}

int convertCommand(const CommandLine& line, std::ostream& out, std::ostream& err) {
  return reading(line, err, [&] {
    const config::Loaded loaded = config::load(line.file);
    if (loaded.problems.errors() > 0) {
      err << loaded.problems.text();
      return static_cast<int>(kErrors);
    }
    const config::Secrets secrets =
        line.showSecrets ? config::Secrets::Show : config::Secrets::Keep;
    config::Problems notes;
    const std::string text =
        line.to == CommandLine::Target::Yaml
            ? config::toFriendlyYaml(loaded.model, notes, secrets)
            : config::writeJson(config::toV2RayFile(loaded.model, notes, secrets));
    err << notes.text();
    return notes.errors() > 0 ? static_cast<int>(kErrors) : writeOrPrint(line, text, out, err);
  });
}

std::string newId() {
  Uuid id = crypto::randomBytes<16>();
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0f) | 0x40);  // version 4 (RFC 9562)
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3f) | 0x80);
  return toString(id);
}

/// One side's file, and on `out` the text of the other's.
int initCommand(const CommandLine& line, std::ostream& out, std::ostream& err) {
  using config::Side;
  const Side side = line.role == CommandLine::Role::Bridge ? Side::Bridge : Side::Portal;
  const std::string server =
      line.server.empty() ? std::string(config::kExampleServer) : line.server;
  if (const auto parsed = config::HostPort::read(server);
      const auto* complaint = std::get_if<config::Complaint>(&parsed)) {
    err << "culvert: --server: "
        << (complaint->instead.empty() ? "expected " + complaint->expected : complaint->instead)
        << "\n";
    return kUsage;
  }
  const std::string id = newId();
  CommandLine target = line;
  if (target.output.empty()) target.output = "config.yaml";
  const int status = writeOrPrint(target, config::initText(side, id, server), out, err);
  if (status != kGood) return status;
  const bool bridge = side == Side::Bridge;
  err << "wrote " << target.output << "; this is for the " << (bridge ? "portal" : "bridge")
      << ":\n";
  out << config::initText(bridge ? Side::Portal : Side::Bridge, id, server);
  return kGood;
}

int versionCommand(const CommandLine& line, std::ostream& out) {
  if (line.format == CommandLine::Format::Json) {
    out << "{\"culvert\": \"" << versionText() << "\"";
    for (const auto& [name, version] : libraryVersions()) {
      out << ", \"" << name << "\": \"" << jsonEscaped(version) << "\"";
    }
    out << "}\n";
  } else {
    out << "culvert " << versionText() << "\n";
    for (const auto& [name, version] : libraryVersions()) out << name << " " << version << "\n";
  }
  return kGood;
}

}  // namespace

int runCommand(const CommandLine& line, std::ostream& out, std::ostream& err) {
  switch (line.command) {
    case CommandLine::Command::Check:
      return checkCommand(line, out, err);
    case CommandLine::Command::Id:
      out << newId() << "\n";
      return kGood;
    case CommandLine::Command::Convert:
      return convertCommand(line, out, err);
    case CommandLine::Command::Init:
      return initCommand(line, out, err);
    case CommandLine::Command::Schema:
      out << (line.reference ? referencePage() : config::writeJson(config::simpleSchema()));
      return kGood;
    case CommandLine::Command::Version:
      return versionCommand(line, out);
    case CommandLine::Command::Help:
      out << usage();
      return kGood;
    case CommandLine::Command::Run:
      break;
  }
  err << "culvert: run is not a command that ends\n";
  return kInternal;
}

}  // namespace culvert::service

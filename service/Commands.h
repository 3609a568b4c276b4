// The commands that do their work and end: check, convert, init, id, schema, version, help.
#pragma once

#include "service/CommandLine.h"

#include <ostream>

namespace culvert::service {

/// Where the configuration is when nobody says.
constexpr const char* kUsualFile = "/etc/culvert/config.yaml";

/// Results go to `out`, everything about mistakes to `err`; returns the exit status.
int runCommand(const CommandLine& line, std::ostream& out, std::ostream& err);

}  // namespace culvert::service

// The friendly YAML that a model looks like, if it has the shape of a converted one (Convert.h).  A
// guess: who uses it reads it again and compares.
#pragma once

#include "config/Friendly.h"
#include "config/Model.h"

#include <optional>
#include <string>

namespace culvert::config {

/// Nothing: the model has another shape.
std::optional<std::string> friendlyText(const Model& model, Secrets secrets);

/// Section `log`, or "" when nothing was said about it.
std::string friendlyLog(const LogConfig& log);

}  // namespace culvert::config

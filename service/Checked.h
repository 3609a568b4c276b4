// A configuration, read and tried: everything is built from it that running it would build, and
// nothing bound.
#pragma once

#include "app/Instance.h"
#include "config/Model.h"
#include "config/Problems.h"

#include <functional>
#include <string>
#include <vector>

namespace culvert::service {

struct Checked {
  config::Model model;
  config::Problems problems;
  /// 0, 1 (only warnings, and `strict`) or 2.
  [[nodiscard]] int status(bool strict) const;
};

/// Throws std::system_error when the file cannot be read.  `look` sees what was built, unless there
/// are errors.
Checked check(const std::string& file, const std::function<void(const app::Instance&)>& look = {});

/// Where geoip.dat and geosite.dat are looked for, `file` being the configuration.
std::vector<std::string> geoDirectories(const std::string& file);

/// As an absolute name.
std::string absolutePath(const std::string& path);

}  // namespace culvert::service

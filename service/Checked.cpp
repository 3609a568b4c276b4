#include "service/Checked.h"

#include "app/Core.h"
#include "net/PocoSockets.h"
#include "net/ReactorPool.h"
#include "service/CommandLine.h"
#include "service/Privileges.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace culvert::service {

int Checked::status(bool strict) const {
  if (problems.errors() > 0) return kErrors;
  return strict && problems.warnings() > 0 ? kWarnings : kGood;
}

Checked check(const std::string& file, const std::function<void(const app::Instance&)>& look) {
  config::Loaded loaded = config::load(file);
  if (loaded.problems.errors() == 0) {
    ReactorPool pool(1);  // no thread is started
    PocoSockets sockets(pool);
    app::Core core({{&pool.at(0)}, sockets, "", geoDirectories(file)});
    const app::Instance trial(loaded.model, core, loaded.problems);
    if (look && loaded.problems.errors() == 0) look(trial);
  }
  return {std::move(loaded.model), std::move(loaded.problems)};
}

std::vector<std::string> geoDirectories(const std::string& file) {
  std::vector<std::string> directories;
  const auto add = [&](const std::string& directory) {
    if (!directory.empty() &&
        std::find(directories.begin(), directories.end(), directory) == directories.end()) {
      directories.push_back(directory);
    }
  };
  add(std::filesystem::path(absolutePath(file)).parent_path().string());
  add("/usr/share/culvert");
  for (const char* name : {"v2ray.location.asset", "V2RAY_LOCATION_ASSET"}) {
    if (const char* value = std::getenv(name)) add(value);
  }
  add(programDirectory());
  if (const char* home = std::getenv("XDG_DATA_HOME")) add(std::string(home) + "/v2ray");
  if (const char* home = std::getenv("HOME")) add(std::string(home) + "/.local/share/v2ray");
  add("/usr/local/share/v2ray");
  add("/usr/share/v2ray");
  return directories;
}

std::string absolutePath(const std::string& path) {
  std::error_code error;
  const auto whole = std::filesystem::absolute(path, error);
  return error ? path : whole.lexically_normal().string();
}

}  // namespace culvert::service

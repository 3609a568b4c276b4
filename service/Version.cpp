#include "service/Version.h"

#include <Poco/Environment.h>

namespace culvert::service {

std::string versionText() {
  return CULVERT_VERSION;
}

std::vector<std::pair<std::string, std::string>> libraryVersions() {
  // Those without a way to ask were known when this was built.
  const auto poco = Poco::Environment::libraryVersion();
  return {{"Poco", std::to_string(poco >> 24) + "." + std::to_string(poco >> 16 & 0xff) + "." +
                       std::to_string(poco >> 8 & 0xff)},
          {"OpenSSL", CULVERT_OPENSSL_VERSION},
          {"yaml-cpp", CULVERT_YAML_VERSION},
          {"c-ares", CULVERT_CARES_VERSION},
          {"RE2", CULVERT_RE2_VERSION}};
}

}  // namespace culvert::service

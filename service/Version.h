// Which program this is, and what it stands on.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace culvert::service {

std::string versionText();  ///< "0.1.0"
/// Name and version of each library.
std::vector<std::pair<std::string, std::string>> libraryVersions();

}  // namespace culvert::service

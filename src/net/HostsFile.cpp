#include "net/HostsFile.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

namespace culvert {
namespace {

constexpr std::size_t kMostLines = 100'000;

bool isLocalhost(std::string_view name) {
  constexpr std::string_view kName = "localhost", kBelow = ".localhost";
  return name == kName || (name.size() > kBelow.size() && name.ends_with(kBelow));
}

}  // namespace

bool FileStamp::hasChanged() {
  std::error_code error;
  const auto time = std::filesystem::last_write_time(path_, error);
  const std::uintmax_t size = error ? 0 : std::filesystem::file_size(path_, error);
  const auto known = std::exchange(time_, error ? std::filesystem::file_time_type{} : time);
  const std::uintmax_t knownSize = std::exchange(size_, error ? 0 : size);
  return std::exchange(first_, false) || known != time_ || knownSize != size_;
}

std::vector<Ip> HostsFile::find(const std::string& name) {
  if (stamp_.hasChanged()) read();
  const std::string wanted = normalizedDomain(name);
  const auto found = names_.find(wanted);
  if (found != names_.end()) return found->second;
  if (isLocalhost(wanted)) return {Ip::loopback6(), Ip::loopback4()};
  return {};
}

void HostsFile::read() {
  names_.clear();
  std::ifstream file(stamp_.path());
  std::string line;
  for (std::size_t lines = 0; lines < kMostLines && std::getline(file, line); ++lines) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address, name;
    if (!(words >> address)) continue;
    const Result<Ip> ip = Ip::parse(address.substr(0, address.find('%')));
    if (!ip) continue;
    while (words >> name) {
      std::vector<Ip>& addresses = names_[normalizedDomain(name)];
      if (std::find(addresses.begin(), addresses.end(), *ip) == addresses.end())
        addresses.push_back(*ip);
    }
  }
}

}  // namespace culvert

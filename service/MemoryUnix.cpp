#include "service/Memory.h"

#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace culvert::service {
namespace {

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

/// The number in a file of one line; "max", or no such file: no limit.
std::uint64_t numberIn(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  return file >> number ? number : kNone;
}

/// The smallest limit of a control group and those around it.
std::uint64_t limitOf(const std::string& root, std::string group, const char* file) {
  std::uint64_t least = kNone;
  for (;;) {
    least = std::min(least, numberIn(root + group + "/" + file));
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos) return least;
    group.resize(slash);
  }
}

std::uint64_t controlGroupLimit() {
  std::uint64_t least = kNone;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1),
                      group = line.substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, limitOf("/sys/fs/cgroup", group, "memory.max"));
    } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
      least = std::min(least, limitOf("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

}  // namespace

std::size_t memoryLimit() {
  std::uint64_t least = controlGroupLimit();
  const long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && size > 0) {
    least = std::min(least, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size));
  }
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    least = std::min<std::uint64_t>(least, space.rlim_cur);
  }
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(least, std::numeric_limits<std::size_t>::max()) / 2);
}

}  // namespace culvert::service

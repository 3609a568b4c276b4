#include "net/Connections.h"
#include "net/FdLimit.h"

#include <algorithm>
#include <sys/resource.h>

namespace culvert {

std::size_t raiseDescriptorLimit() {
  constexpr rlim_t kMost = 65'536;
  rlimit limits{};
  if (::getrlimit(RLIMIT_NOFILE, &limits) != 0) return Connections::ofProcess().limit();
  const rlim_t wanted = limits.rlim_max == RLIM_INFINITY ? kMost : std::min(limits.rlim_max, kMost);
  if (limits.rlim_cur < wanted) {
    const rlimit raised{wanted, limits.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limits.rlim_cur = wanted;
  }
  const auto descriptors = static_cast<std::size_t>(std::min(limits.rlim_cur, kMost));
  // With fewer than twice the reserve, half of them: something must be left to serve with.
  const std::size_t left = descriptors > 2 * Connections::kReserve
                               ? descriptors - Connections::kReserve
                               : descriptors / 2;
  Connections::ofProcess().setLimit(left);
  return left;
}

}  // namespace culvert

#include "proxy/Session.h"

#include <atomic>

namespace culvert::proxy {

std::uint64_t nextSessionId() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace culvert::proxy

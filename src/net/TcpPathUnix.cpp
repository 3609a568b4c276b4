// A file of its own: only <linux/tcp.h> names the newer fields, and it excludes <netinet/tcp.h>.
#include "net/TcpPath.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace culvert::os {

std::size_t bytesPerRoundTrip(std::intptr_t socket) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(static_cast<int>(socket), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  constexpr std::size_t kNeeded =
      offsetof(tcp_info, tcpi_delivery_rate) + sizeof info.tcpi_delivery_rate;
  if (size < kNeeded) return 0;  // a kernel before 4.9
  constexpr double kMicroseconds = 1e6;
  return static_cast<std::size_t>(static_cast<double>(info.tcpi_delivery_rate) * info.tcpi_min_rtt /
                                  kMicroseconds);
}

}  // namespace culvert::os

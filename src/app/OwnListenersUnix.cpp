#include "app/OwnListeners.h"

#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>

namespace culvert::app {

std::vector<Ip> systemAddresses() {
  struct Freer {
    void operator()(ifaddrs* list) const noexcept { freeifaddrs(list); }
  };
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, Freer> list(first);

  std::vector<Ip> addresses;
  for (const ifaddrs* each = list.get(); each; each = each->ifa_next) {
    if (!each->ifa_addr) continue;
    if (each->ifa_addr->sa_family == AF_INET) {
      sockaddr_in address{};
      std::memcpy(&address, each->ifa_addr, sizeof address);
      addresses.push_back(Ip::fromBytes(
          {reinterpret_cast<const std::uint8_t*>(&address.sin_addr), sizeof address.sin_addr}));
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 address{};
      std::memcpy(&address, each->ifa_addr, sizeof address);
      addresses.push_back(Ip::fromBytes(
          {reinterpret_cast<const std::uint8_t*>(&address.sin6_addr), sizeof address.sin6_addr}));
    }
  }
  return addresses;
}

}  // namespace culvert::app

#include "bench/load/Address.h"

#include "bench/load/Arguments.h"

#include <arpa/inet.h>
#include <charconv>

namespace culvert::load {

Address Address::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  in_addr ip{};
  unsigned port = 0;
  if (colon != text.npos &&
      ::inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &ip) == 1) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error == std::errc() && stop == end && port <= 0xffff) {
      return Address(ntohl(ip.s_addr), static_cast<std::uint16_t>(port));
    }
  }
  throw Usage("expected an IPv4 address and a port, as in 127.0.0.1:7001, got \"" +
              std::string(text) + "\"");
}

Address::Address(std::uint32_t ip, std::uint16_t port) noexcept {
  raw_.sin_family = AF_INET;
  raw_.sin_port = htons(port);
  raw_.sin_addr.s_addr = htonl(ip);
}

bool Address::isLoopback() const noexcept {
  return ntohl(raw_.sin_addr.s_addr) >> 24 == 127;
}

std::string Address::text() const {
  char ip[INET_ADDRSTRLEN]{};
  ::inet_ntop(AF_INET, &raw_.sin_addr, ip, sizeof ip);
  return std::string(ip) + ":" + std::to_string(ntohs(raw_.sin_port));
}

}  // namespace culvert::load

// A block of addresses: 10.0.0.0/8, 2001:db8::/32, or a single address.
#pragma once

#include "base/Destination.h"
#include "base/Result.h"

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace culvert {

struct Cidr {
  Ip network;           ///< bits behind the prefix are ignored
  unsigned prefix = 0;  ///< at most 32 or 128

  [[nodiscard]] bool contains(const Ip& ip) const noexcept { return ip.isWithin(network, prefix); }
  [[nodiscard]] bool isSingle() const noexcept { return prefix == (network.isV4() ? 32u : 128u); }
};

/// Reads an address with or without [], alone or followed by "/" and a prefix length without
/// leading zeros. A block of IPv4-mapped addresses becomes the IPv4 block.  Errc::BadAddress for
/// anything else.
inline Result<Cidr> parseCidr(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  const std::string_view address = text.substr(0, slash);
  const Result<Ip> ip = Ip::parse(address);
  if (!ip) return ip.error();
  const unsigned width = ip->isV4() ? 32 : 128;
  if (slash == std::string_view::npos) return Cidr{*ip, width};

  const std::string_view digits = text.substr(slash + 1);
  unsigned prefix = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (failed != std::errc() || end != digits.data() + digits.size()) return Errc::BadAddress;
  if (digits.size() > 1 && digits.front() == '0') return Errc::BadAddress;
  if (ip->isV4() && address.find(':') != std::string_view::npos) {
    if (prefix < 96) return Errc::BadAddress;
    prefix -= 96;
  }
  if (prefix > width) return Errc::BadAddress;
  return Cidr{*ip, prefix};
}

/// 10.0.0.0/8; a single address without the slash.
inline std::string toString(const Cidr& cidr) {
  return cidr.isSingle() ? toString(cidr.network)
                         : toString(cidr.network) + "/" + std::to_string(cidr.prefix);
}

/// The ranges that are not the internet: private, shared, loopback, link-local, documentation,
/// benchmarking, multicast and reserved (RFC 6890 and its updates).
inline const std::vector<Cidr>& privateBlocks() {
  static const std::vector<Cidr> blocks = [] {
    std::vector<Cidr> list;
    for (const std::string_view text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
          "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
          "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/127", "fc00::/7",
          "fe80::/10", "ff00::/8"}) {
      list.push_back(parseCidr(text).value());
    }
    return list;
  }();
  return blocks;
}

}  // namespace culvert

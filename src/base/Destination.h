// Where a flow comes from and where it wants to go: addresses, hosts, ports and networks as plain
// values.
#pragma once

#include "base/Bytes.h"
#include "base/Result.h"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace culvert {

/// An IPv4 or IPv6 address.  An IPv4-mapped IPv6 address (::ffff:a.b.c.d) becomes the IPv4 one on
/// the way in, so that it is shown and judged as IPv4 everywhere (F-V6, REACH-5).
class Ip {
 public:
  Ip() = default;  ///< 0.0.0.0
  /// `bytes` are 4 or 16 in network order; `zone` is the interface index of a link-local IPv6
  /// address.
  static Ip fromBytes(Bytes bytes, std::uint32_t zone = 0);
  static Ip any4();
  static Ip any6();
  static Ip loopback4();
  static Ip loopback6();

  /// Reads the canonical texts inet_pton reads, with or without [] for IPv6; no zones, no names, no
  /// octal, hexadecimal or short forms.  Errc::BadAddress otherwise.
  static Result<Ip> parse(std::string_view text);

  [[nodiscard]] bool isV4() const noexcept { return v4_; }
  [[nodiscard]] Bytes bytes()
      const noexcept;  ///< 4 or 16 bytes in network order, inside this object
  [[nodiscard]] std::uint32_t zone() const noexcept { return zone_; }
  [[nodiscard]] bool isAny() const noexcept;
  [[nodiscard]] bool isLoopback() const noexcept;
  [[nodiscard]] bool isLinkLocal() const noexcept;
  [[nodiscard]] bool isMulticast() const noexcept;
  /// Whether the first `prefix` bits equal those of `network`; false across families.
  [[nodiscard]] bool isWithin(const Ip& network, unsigned prefix) const noexcept;

  auto operator<=>(const Ip&) const noexcept = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t zone_ = 0;
  bool v4_ = true;
};
std::string toString(const Ip& ip);  ///< without []

/// An address and a port: one end of a socket.
struct Endpoint {
  Ip ip;
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const noexcept = default;
};
std::string toString(const Endpoint& endpoint);  ///< 192.0.2.1:80, [2001:db8::1]:80

enum class Network : std::uint8_t { Tcp = 1, Udp = 2 };  ///< the numbers of Mux.Cool and VMess
std::string_view toString(Network network);              ///< "tcp", "udp"

/// A host as somebody asked for it: a name, which is not resolved yet, or an address.
using Host = std::variant<std::string, Ip>;

/// Reads an address if `text` is one (IPv6 with or without []), else takes it as a name.
Host parseHost(std::string_view text);
std::string toString(const Host& host);  ///< IPv6 without []

struct Destination {
  Network network = Network::Tcp;
  Host host;
  std::uint16_t port = 0;

  [[nodiscard]] bool isDomain() const noexcept { return std::holds_alternative<std::string>(host); }
  [[nodiscard]] const std::string& domain() const { return std::get<std::string>(host); }
  [[nodiscard]] const Ip& ip() const { return std::get<Ip>(host); }
  bool operator==(const Destination&) const = default;
};
/// tcp:example.com:80, udp:[2001:db8::1]:53; a name from outside is escaped as in log lines.
std::string toString(const Destination& destination);

/// The form in which rules compare names: lower-case ASCII, one trailing dot dropped.
std::string normalizedDomain(std::string_view name);

}  // namespace culvert

// The value forms of the friendly YAML: what a scalar may look like, and what to say when it does
// not. Pure functions from text to a value or a Complaint; places and keys are the reader's
// business.
//
//   name       [a-z]([a-z0-9-]{0,30}[a-z0-9])?             it becomes a label of a domain name
//   integer    0 or [1-9][0-9]*
//   duration   one or more <integer>(ms|s|m|h)             90s, 1m30s
//   host:port  domain, IPv4 or [IPv6]; port 1 to 65535
//   target     [tcp://|udp://|tcp+udp://]host:port[-port]
//   listen     [address:]port[-port][/tcp|/udp|/tcp+udp]   address: IPv4, [IPv6], * or localhost
//   to         [bridge/]service or [bridge/]host:port[-port]
//
// Each value type has read(text), form() (a few words for messages and the manual) and pattern() (a
// regular expression for editors, looser than read() where the form is not regular).
#pragma once

#include "base/Cidr.h"
#include "base/Destination.h"
#include "base/Uuid.h"
#include "config/Fields.h"
#include "config/Model.h"
#include "config/Networks.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace culvert::config {

/// Why a text is not of a form.  The reader makes "expected <expected>, got "<text>"<aside>" of it,
/// or says `instead` alone.
struct Complaint {
  std::string expected;
  std::string aside;    ///< behind what was found: (letter O?)
  std::string instead;  ///< a whole message
  std::string hint;     ///< this and the two above may repeat the text: not for secrets
};
template <class T>
using Parsed = std::variant<T, Complaint>;

std::string toString(Networks networks);  ///< "tcp", "udp", "tcp,udp" as V2Ray writes it

struct Name {
  std::string text;
  static Parsed<Name> read(std::string_view text);
  static std::string form() { return "a name such as web or nas-1"; }
  static std::string pattern() { return "^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$"; }
};

/// Normalised: lower case, no trailing dot.
struct DomainName {
  std::string text;
  static Parsed<DomainName> read(std::string_view text);
  static std::string form() { return "a domain such as private.cloud.com"; }
  static std::string pattern() { return "^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?$"; }
};

struct Duration {
  std::chrono::milliseconds value{};
  static Parsed<Duration> read(std::string_view text);
  static std::string form() { return "a duration such as 90s or 1m30s"; }
  static std::string pattern() { return "^([0-9]+(ms|s|m|h))+$"; }
};

/// Whole seconds, written as a duration.
struct Seconds {
  std::chrono::seconds value{};
  static Parsed<Seconds> read(std::string_view text);
  static std::string form() { return "a duration in whole seconds such as 90s or 2h"; }
  static std::string pattern() { return Duration::pattern(); }
};
/// The shortest way to write it: 2h, 1m30s.
std::string toString(const Seconds& duration);

/// 0 or [1-9][0-9]*, within the limits; `form` is how the complaint calls it.
Parsed<std::uint32_t> readWhole(std::string_view text, std::uint32_t low, std::uint32_t high,
                                const std::string& form);

template <std::uint32_t Low, std::uint32_t High>
struct Ranged {
  std::uint32_t value = 0;
  static Parsed<Ranged> read(std::string_view text) {
    auto parsed = readWhole(text, Low, High, form());
    if (auto* complaint = std::get_if<Complaint>(&parsed)) return std::move(*complaint);
    return Ranged{std::get<std::uint32_t>(parsed)};
  }
  static std::string form() {
    return "a number from " + std::to_string(Low) + " to " + std::to_string(High);
  }
  static std::string pattern() { return "^(0|[1-9][0-9]*)$"; }
};
using Port = Ranged<1, 65535>;

struct HostPort {
  static constexpr bool kReferable = true;
  Host host;
  std::uint16_t port = 0;
  std::string written;  ///< the host as written, IPv6 without []
  static Parsed<HostPort> read(std::string_view text);
  static std::string form() { return "\"host:port\""; }
  static std::string pattern() {
    return "^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9_.-]+):[1-9][0-9]{0,4}$";
  }
};

/// Where a service listens, as seen from the bridge.
struct ServiceTarget {
  Networks networks{.tcp = true, .udp = false};
  Host host;
  std::string written;  ///< the host as written, IPv6 without []
  PortRange ports;
  static Parsed<ServiceTarget> read(std::string_view text);
  static std::string form() { return "a target such as 127.0.0.1:80 or udp://127.0.0.1:51820"; }
  static std::string pattern() {
    return "^((tcp|udp|tcp\\+udp)://)?(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9_.-]+):[1-9][0-9]{0,4}"
           "(-[1-9][0-9]{0,4})?$";
  }
};

struct Listen {
  static constexpr bool kReferable = true;
  std::optional<Ip> address;  ///< none: all addresses of both families
  PortRange ports;
  Networks networks{.tcp = true, .udp = false};
  static Parsed<Listen> read(std::string_view text);
  static std::string form() { return "a port such as 80 or 51820/udp"; }
  static std::string pattern() {
    return "^((\\*|localhost|[0-9.]+|\\[[0-9A-Fa-f:.]+\\]):)?[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?"
           "(/(tcp|udp|tcp\\+udp))?$";
  }
};

/// Where a published port leads: a service by name, or an address as seen from the bridge.
struct To {
  std::string bridge;   ///< empty: not given
  std::string service;  ///< or, if empty:
  Host host;
  std::string written;  ///< the host as written, IPv6 without []
  PortRange ports;
  static Parsed<To> read(std::string_view text);
  static std::string form() { return "a service such as web or nas1/web, or host:port"; }
  static std::string pattern() { return "^[^ ]+$"; }
};

/// Whom a port is open for.
struct SourceBlock {
  Cidr value;
  static Parsed<SourceBlock> read(std::string_view text);
  static std::string form() {
    return "an address or a network such as 192.0.2.7 or 198.51.100.0/24";
  }
  static std::string pattern() { return "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"; }
};

struct UserId {
  static constexpr bool kReferable = true;
  static constexpr const char* kMessage =
      "expected a UUID, 36 characters; \"culvert id\" makes one";
  Uuid value{};
  static Parsed<UserId> read(std::string_view text);
  static std::string form() { return "a UUID, 36 characters"; }
  static std::string pattern() {
    return "^[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}$";
  }
};

/// A file name; whether it can be opened is seen when it is.
struct FileName {
  std::string text;
  static Parsed<FileName> read(std::string_view text);
  static std::string form() { return "a file name"; }
  static std::string pattern() { return "^.+$"; }
};

template <class T>
concept Formed = requires(std::string_view text) {
  { T::read(text) } -> std::same_as<Parsed<T>>;
  { T::form() } -> std::same_as<std::string>;
  { T::pattern() } -> std::same_as<std::string>;
};

/// Puts an IPv6 address into brackets, so that a port can follow.
std::string bracketed(const std::string& host);

}  // namespace culvert::config

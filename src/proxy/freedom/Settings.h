// Settings of a freedom outbound.
#pragma once

#include "base/Destination.h"
#include "config/Fields.h"
#include "net/Sockets.h"
#include "proxy/freedom/ReachEntry.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace culvert::freedom {

/// As written.
struct Settings {
  std::string domainStrategy = "AsIs";
  std::string redirect;
  std::chrono::seconds timeout{0};
  std::optional<std::vector<std::string>> reach;
};
template <class V>
void fields(V& v, Settings& s) {
  v.optional("domainStrategy", s.domainStrategy,
             "which addresses of a name are dialled: AsIs and UseIP (any), UseIPv4, UseIPv6, "
             "UseIPv4v6 (IPv4 "
             "first), UseIPv6v4. Default: AsIs");
  v.optional(
      "redirect", s.redirect,
      "\"host:port\" to dial instead of the target; an empty host keeps the host, port 0 the port");
  v.optional("timeout", s.timeout,
             "seconds without bytes after which a flow ends; 0: the policy's connIdle");
  v.optional("reach", s.reach,
             "all that may be dialled: `tcp|udp|tcp+udp:address, block or name:port or range`. "
             "Absent: whatever "
             "the rules send here");
  v.ignored("userLevel", "all levels are level 0 here");
  v.unsupported("proxyProtocol", config::Effect::Changes, "send a PROXY header to the target");
  v.unsupported("fragment", config::Effect::Changes, "an Xray key");
  v.unsupported("noises", config::Effect::Changes, "an Xray key");
  v.unsupported("finalRules", config::Effect::Changes, "an Xray key; `reach` is the list here");
}

/// "host:port" of `redirect`.
struct Redirect {
  std::optional<Host> host;  ///< none: keep
  std::uint16_t port = 0;    ///< 0: keep

  [[nodiscard]] Destination apply(Destination target) const;
  bool operator==(const Redirect&) const = default;
};
/// Errc::BadAddress without a port or with something that is none.  The unspecified addresses count
/// as no host.
Result<Redirect> parseRedirect(std::string_view text);
/// nothing for an unknown word.
std::optional<Families> parseStrategy(std::string_view word);

/// As used.
struct Options {
  Families families = Families::Any;
  std::optional<Redirect> redirect;
  std::optional<std::vector<ReachEntry>> reach;
  std::chrono::seconds timeout{0};
};
/// Reads and checks `node`; nothing after a report.
std::optional<Options> readOptions(const config::Node& node, config::Problems& problems);

}  // namespace culvert::freedom

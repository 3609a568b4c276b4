#include "proxy/freedom/Settings.h"

#include "base/Log.h"

#include <charconv>
#include <utility>

namespace culvert::freedom {

Destination Redirect::apply(Destination target) const {
  if (host) target.host = *host;
  if (port != 0) target.port = port;
  return target;
}

Result<Redirect> parseRedirect(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Errc::BadAddress;
  Redirect redirect;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, failed] =
      std::from_chars(digits.data(), digits.data() + digits.size(), redirect.port);
  if (failed != std::errc() || end != digits.data() + digits.size()) return Errc::BadAddress;

  const std::string_view host = text.substr(0, colon);
  if (host.empty()) return redirect;
  redirect.host = parseHost(host);
  if (const Ip* ip = std::get_if<Ip>(&*redirect.host)) {
    if (host.find(':') != std::string_view::npos && !host.starts_with('[')) return Errc::BadAddress;
    if (ip->isAny()) redirect.host.reset();
  } else if (host.find_first_of(":[]/ ") != std::string_view::npos) {
    return Errc::BadAddress;
  }
  return redirect;
}

std::optional<Families> parseStrategy(std::string_view word) {
  std::string plain;
  for (const char c : normalizedDomain(word)) {
    if (c != '_' && c != '-') plain += c;
  }
  if (plain.starts_with("forceip"))
    plain.replace(0, 7, "useip");  // Xray: a look-up that fails is an error, as here
  if (plain == "asis" || plain == "useip") return Families::Any;
  if (plain == "useip4" || plain == "useipv4") return Families::V4;
  if (plain == "useip6" || plain == "useipv6") return Families::V6;
  if (plain == "useip46" || plain == "useipv4v6") return Families::V4First;
  if (plain == "useip64" || plain == "useipv6v4") return Families::V6First;
  return std::nullopt;
}

std::optional<Options> readOptions(const config::Node& node, config::Problems& problems) {
  Settings settings;
  if (!config::read(node, settings, problems)) return std::nullopt;
  Options options;
  options.timeout = settings.timeout;
  bool good = true;
  const auto bad = [&](const config::Node& at, std::string message, std::string hint = {}) {
    problems.error(at.place(), at.path(), "bad-form", std::move(message), std::move(hint));
    good = false;
  };

  if (const auto families = parseStrategy(settings.domainStrategy)) {
    options.families = *families;
  } else {
    bad(node["domainStrategy"],
        "expected AsIs, UseIP, UseIPv4 or UseIPv6, got " + inQuotes(settings.domainStrategy));
  }
  if (!settings.redirect.empty()) {
    if (const auto redirect = parseRedirect(settings.redirect)) {
      options.redirect = *redirect;
    } else {
      bad(node["redirect"], "expected \"host:port\", got " + inQuotes(settings.redirect),
          "an empty host keeps the host, port 0 keeps the port");
    }
  }
  if (settings.reach) {
    const config::Node list = node["reach"];
    std::vector<ReachEntry>& entries = options.reach.emplace();
    for (std::size_t i = 0; i < settings.reach->size(); ++i) {
      const std::string& text = (*settings.reach)[i];
      if (const auto entry = parseReachEntry(text)) {
        entries.push_back(*entry);
      } else {
        bad(list.isList() ? list[i] : list,
            "expected something like tcp:192.168.1.20:443, got " + inQuotes(text),
            "tcp, udp or tcp+udp; an address, a block or a name; a port or a range");
      }
    }
  }
  if (!good) return std::nullopt;
  return options;
}

}  // namespace culvert::freedom

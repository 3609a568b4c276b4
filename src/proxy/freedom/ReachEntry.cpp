#include "proxy/freedom/ReachEntry.h"

#include "base/Log.h"

#include <charconv>
#include <optional>

namespace culvert::freedom {
namespace {

std::optional<std::uint16_t> parsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// Letters, digits, '-', '_' and dots, as a name that is looked up may have.
bool isName(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
    if (!good) return false;
  }
  return true;
}

/// "[2001:db8::]/32" means what "[2001:db8::/32]" means.
std::string withoutBrackets(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '[' && c != ']') out += c;
  }
  return out;
}

}  // namespace

bool ReachEntry::allows(Network network, std::uint16_t port) const noexcept {
  return (network == Network::Tcp ? tcp : udp) && firstPort <= port && port <= lastPort;
}

bool ReachEntry::isExact() const noexcept {
  const Cidr* block = std::get_if<Cidr>(&host);
  return block && block->isSingle() && firstPort == lastPort;
}

Result<ReachEntry> parseReachEntry(std::string_view text) {
  ReachEntry entry;
  const std::size_t first = text.find(':'), last = text.rfind(':');
  if (first == std::string_view::npos || first == last) return Errc::BadAddress;
  const std::string network = normalizedDomain(text.substr(0, first));
  entry.tcp = network == "tcp" || network == "tcp+udp";
  entry.udp = network == "udp" || network == "tcp+udp";
  if (!entry.tcp && !entry.udp) return Errc::BadAddress;

  const std::string_view ports = text.substr(last + 1);
  const std::size_t dash = ports.find('-');
  const auto from = parsePort(ports.substr(0, dash));
  const auto to = dash == std::string_view::npos ? from : parsePort(ports.substr(dash + 1));
  if (!from || !to || *from > *to) return Errc::BadAddress;
  entry.firstPort = *from;
  entry.lastPort = *to;

  const std::string_view host = text.substr(first + 1, last - first - 1);
  const bool bracketed = host.starts_with('[');
  if (bracketed != (host.find(':') != std::string_view::npos)) return Errc::BadAddress;
  if (bracketed && host.find(']') == std::string_view::npos) return Errc::BadAddress;
  if (const auto block = parseCidr(withoutBrackets(host))) {
    entry.host = *block;
  } else if (!bracketed && isName(host)) {
    entry.host = normalizedDomain(host);
  } else {
    return Errc::BadAddress;
  }
  return entry;
}

std::string toString(const ReachEntry& entry) {
  std::string host;
  if (const Cidr* block = std::get_if<Cidr>(&entry.host)) {
    host = block->network.isV4() ? toString(*block) : "[" + toString(*block) + "]";
  } else {
    host = std::get<std::string>(entry.host);
  }
  std::string out = entry.tcp && entry.udp ? "tcp+udp:" : entry.tcp ? "tcp:" : "udp:";
  out += host + ":" + std::to_string(entry.firstPort);
  if (entry.lastPort != entry.firstPort) out += "-" + std::to_string(entry.lastPort);
  return out;
}

std::string entryFor(const Destination& target) {
  return toString(target);
}

}  // namespace culvert::freedom

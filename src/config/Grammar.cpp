#include "config/Grammar.h"

#include "base/Log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace culvert::config {
namespace {

constexpr std::size_t kMaxLabel = 63, kMaxDomain = 253;

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool isUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool isHex(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool allDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isDigit);
}

/// A complaint that only says which form was expected.
Complaint expected(std::string form, std::string hint = {}) {
  return {.expected = std::move(form), .aside = {}, .instead = {}, .hint = std::move(hint)};
}
Complaint saying(std::string form, std::string instead, std::string hint = {}) {
  return {.expected = std::move(form),
          .aside = {},
          .instead = std::move(instead),
          .hint = std::move(hint)};
}

/// A port, with the usual slips: 8O, 080, 0, 70000.
Parsed<std::uint16_t> readPort(std::string_view text, const std::string& form) {
  auto whole = readWhole(text, 1, 65535, form);
  if (auto* complaint = std::get_if<Complaint>(&whole)) {
    if (allDigits(text) && complaint->instead.empty())
      complaint->instead = "expected a port from 1 to 65535, got " + inQuotes(text);
    return std::move(*complaint);
  }
  return static_cast<std::uint16_t>(std::get<std::uint32_t>(whole));
}

Parsed<PortRange> readPorts(std::string_view text, const std::string& form) {
  const auto dash = text.find('-');
  auto low = readPort(text.substr(0, dash), form);
  if (auto* complaint = std::get_if<Complaint>(&low)) return std::move(*complaint);
  PortRange range{std::get<std::uint16_t>(low), std::get<std::uint16_t>(low)};
  if (dash == std::string_view::npos) return range;
  auto high = readPort(text.substr(dash + 1), form);
  if (auto* complaint = std::get_if<Complaint>(&high)) return std::move(*complaint);
  range.to = std::get<std::uint16_t>(high);
  if (range.to < range.from)
    return saying(form, "the range is reversed; write " + std::to_string(range.to) + "-" +
                            std::to_string(range.from));
  return range;
}

/// Letters, digits, '-' and '_' in labels, and not a number in disguise (REACH-5).
bool isDomain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kMaxDomain) return false;
  std::string_view last;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto dot = std::min(text.find('.', begin), text.size());
    last = text.substr(begin, dot - begin);
    if (last.empty() || last.size() > kMaxLabel || last.front() == '-' || last.back() == '-')
      return false;
    for (const char c : last)
      if (!isDigit(c) && !isLower(c) && !isUpper(c) && c != '-' && c != '_') return false;
    begin = dot + 1;
  }
  const bool hex = last.size() >= 2 && last[0] == '0' && (last[1] == 'x' || last[1] == 'X') &&
                   std::all_of(last.begin() + 2, last.end(), isHex);
  return !allDigits(last) && !hex;
}

/// For an IPv6 address without brackets, with or without a port behind it.
std::string bracketsHint(std::string_view text) {
  const auto last = text.rfind(':');
  const std::string_view head = text.substr(0, last), port = text.substr(last + 1);
  if (head.find(':') != std::string_view::npos && Ip::parse(head).ok() && allDigits(port))
    return "an IPv6 address is written in brackets: [" + std::string(head) +
           "]:" + std::string(port);
  if (Ip::parse(text).ok())
    return "an IPv6 address is written in brackets, in front of the port: [" + std::string(text) +
           "]:80";
  return "one host, one colon, one port; an IPv6 address is written in brackets";
}

struct HostAndRest {
  Host host;
  std::string written;
  std::string_view ports;
};

/// host:rest, with the hints for what people write instead.
Parsed<HostAndRest> readHost(std::string_view text, const std::string& form,
                             const std::string& portHint) {
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos)
    return expected(form, "leave out " + escaped(text.substr(0, scheme + 3), 40));
  std::string_view host, rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return expected(form, "the ] is missing");
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    const auto ip = Ip::parse(host);
    if (!ip || host.find(':') == std::string_view::npos)
      return expected(form, "only an IPv6 address is written in brackets");
    if (!rest.starts_with(':')) return expected(form, portHint);
    return HostAndRest{*ip, std::string(host), rest.substr(1)};
  }
  if (text.find_first_of(", ") != std::string_view::npos) return expected(form, "write a list");
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return expected(form, portHint);
  if (text.find(':', colon + 1) != std::string_view::npos) {
    return expected(form, bracketsHint(text));
  }
  host = text.substr(0, colon);
  rest = text.substr(colon + 1);
  if (const auto ip = Ip::parse(host); ip.ok()) return HostAndRest{*ip, std::string(host), rest};
  if (host == "*") return expected(form, "name one host; * is for listening only");
  if (!isDomain(host)) {
    const bool ascii =
        std::all_of(host.begin(), host.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    return expected(
        form, ascii
                  ? "the host is a domain or an address: vps.example.com, 192.0.2.7, [2001:db8::7]"
                  : "write an international name in its xn-- form");
  }
  return HostAndRest{std::string(host), std::string(host), rest};
}

}  // namespace

std::string toString(Networks networks) {
  return networks.tcp && networks.udp ? "tcp,udp" : networks.udp ? "udp" : "tcp";
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Parsed<std::uint32_t> readWhole(std::string_view text, std::uint32_t low, std::uint32_t high,
                                const std::string& form) {
  if (!allDigits(text)) {
    Complaint complaint = expected(form);
    const auto other = [](char c) {
      return c == 'O' || c == 'o' ? '0' : c == 'l' || c == 'I' ? '1' : c;
    };
    std::string repaired;
    std::transform(text.begin(), text.end(), std::back_inserter(repaired), other);
    if (allDigits(repaired) && std::any_of(text.begin(), text.end(), isDigit))
      complaint.aside =
          text.find_first_of("Oo") != std::string_view::npos ? " (letter O?)" : " (letter l or I?)";
    else if (text.find_first_of("._") != std::string_view::npos || text.starts_with("0x"))
      complaint.hint = "write digits only";
    else if (text.find(',') != std::string_view::npos)
      complaint.hint = "write a list";
    return complaint;
  }
  if (text.size() > 1 && text.front() == '0') {
    const auto first = std::min(text.find_first_not_of('0'), text.size() - 1);
    return saying(
        form, "write " + std::string(text.substr(first, 12)) + ", numbers must not start with 0");
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
    return expected(form);
  return value;
}

Parsed<Name> Name::read(std::string_view text) {
  const auto fits = [](std::string_view t) {
    return !t.empty() && t.size() <= 32 && isLower(t.front()) && t.back() != '-' &&
           std::all_of(t.begin(), t.end(),
                       [](char c) { return isLower(c) || isDigit(c) || c == '-'; });
  };
  if (fits(text)) return Name{std::string(text)};
  std::string repaired;
  for (const char c : text)
    repaired += isUpper(c) ? static_cast<char>(c - 'A' + 'a') : c == '_' ? '-' : c;
  std::string hint =
      "lower-case letters, digits and - inside, a letter first, at most 32 characters";
  if (fits(repaired)) hint = "write " + repaired;
  return expected("a name such as web or nas-1", hint);
}

Parsed<DomainName> DomainName::read(std::string_view text) {
  if (isDomain(text)) return DomainName{normalizedDomain(text)};
  if (text.find("://") != std::string_view::npos || text.find(':') != std::string_view::npos)
    return expected(form(), "the name alone, without scheme and port");
  return expected(form());
}

Parsed<Duration> Duration::read(std::string_view text) {
  constexpr std::uint64_t kMost = std::uint64_t{365} * 24 * 3600 * 1000;
  std::uint64_t total = 0;
  std::string_view rest = text;
  if (allDigits(text)) return expected(form(), "add the unit, e.g. " + escaped(text, 12) + "s");
  if (rest.empty()) return expected(form());
  while (!rest.empty()) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc() || digits == 0) return expected(form());
    if (digits > 1 && rest.front() == '0') return expected(form(), "numbers must not start with 0");
    rest.remove_prefix(digits);
    constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kUnits{
        {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const auto& u) { return rest.starts_with(u.first); });
    if (unit == kUnits.end())
      return expected(form(), rest.starts_with('d') ? "there is no unit for days; write hours (h)"
                                                    : "units are ms, s, m and h");
    rest.remove_prefix(unit->first.size());
    total += count * unit->second;
    if (total > kMost) return expected(form(), "at most 8760h");
  }
  return Duration{std::chrono::milliseconds(total)};
}

Parsed<Seconds> Seconds::read(std::string_view text) {
  auto parsed = Duration::read(text);
  if (auto* complaint = std::get_if<Complaint>(&parsed))
    return expected(form(), std::move(complaint->hint));
  const auto value = std::get<Duration>(parsed).value;
  if (value.count() % 1000 != 0) return expected(form(), "this one counts in whole seconds");
  return Seconds{std::chrono::duration_cast<std::chrono::seconds>(value)};
}

std::string toString(const Seconds& duration) {
  auto seconds = duration.value.count();
  std::string text;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds % 3600 >= 60) text += std::to_string(seconds % 3600 / 60) + "m";
  if (seconds % 60 != 0 || text.empty()) text += std::to_string(seconds % 60) + "s";
  return text;
}

Parsed<HostPort> HostPort::read(std::string_view text) {
  auto split = readHost(text, form(),
                        "add the port the portal listens on, e.g. " +
                            (isDomain(text) ? escaped(text, 80) : "vps.example.com") + ":16823");
  if (auto* complaint = std::get_if<Complaint>(&split)) return std::move(*complaint);
  auto& [host, written, rest] = std::get<HostAndRest>(split);
  if (rest.find('/') != std::string_view::npos)
    return expected(form(), "leave out what follows the port");
  auto port = readPort(rest, form());
  if (auto* complaint = std::get_if<Complaint>(&port)) return std::move(*complaint);
  return HostPort{std::move(host), std::get<std::uint16_t>(port), std::move(written)};
}

Parsed<ServiceTarget> ServiceTarget::read(std::string_view text) {
  ServiceTarget target;
  std::string_view rest = text;
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    const auto word = text.substr(0, scheme);
    if (word == "http" || word == "https") {
      auto host = text.substr(scheme + 3);
      host = host.substr(0, host.find_first_of("/:"));
      const std::string port = word == "http" ? ":80" : ":443";
      return expected(
          form(), "a web server is tcp: " +
                      (isDomain(host) || Ip::parse(host).ok() ? std::string(host) : "127.0.0.1") +
                      port);
    }
    if (word != "tcp" && word != "udp" && word != "tcp+udp")
      return expected(form(), "write tcp://, udp:// or tcp+udp://, or nothing for tcp");
    target.networks = {.tcp = word != "udp", .udp = word != "tcp"};
    rest = text.substr(scheme + 3);
  }
  auto split = readHost(rest, form(), "add the port the service listens on, e.g. 127.0.0.1:80");
  if (auto* complaint = std::get_if<Complaint>(&split)) {
    if (allDigits(rest)) complaint->hint = "name the host too: 127.0.0.1:" + escaped(rest, 12);
    return std::move(*complaint);
  }
  auto& [host, written, ports] = std::get<HostAndRest>(split);
  if (const auto slash = ports.find('/'); slash != std::string_view::npos) {
    const auto behind = ports.substr(slash);
    return expected(
        form(), behind == "/udp" || behind == "/tcp"
                    ? "here the network stands in front: " + std::string(behind.substr(1)) + "://" +
                          escaped(rest.substr(0, rest.find('/')), 80)
                    : "leave out the path behind the port");
  }
  auto range = readPorts(ports, form());
  if (auto* complaint = std::get_if<Complaint>(&range)) return std::move(*complaint);
  target.host = std::move(host);
  target.written = std::move(written);
  target.ports = std::get<PortRange>(range);
  return target;
}

Parsed<Listen> Listen::read(std::string_view text) {
  Listen listen;
  std::string_view rest = text;
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos)
    return expected(form(), "the network stands behind the port: 51820/udp");
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    const auto word = rest.substr(slash + 1);
    if (word != "tcp" && word != "udp" && word != "tcp+udp")
      return expected(form(), "behind the / stands tcp, udp or tcp+udp");
    listen.networks = {.tcp = word != "udp", .udp = word != "tcp"};
    rest = rest.substr(0, slash);
  }
  std::string_view address;
  if (rest.starts_with('[')) {
    const auto close = rest.find("]:");
    if (close == std::string_view::npos) return expected(form(), "add the port, e.g. [::]:80");
    address = rest.substr(1, close - 1);
    const auto ip = Ip::parse(address);
    if (!ip || address.find(':') == std::string_view::npos)
      return expected(form(), "only an IPv6 address is written in brackets");
    listen.address = *ip;
    rest = rest.substr(close + 2);
  } else if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    address = rest.substr(0, colon);
    if (address.find(':') != std::string_view::npos)
      return expected(form(), bracketsHint(text.substr(0, text.find('/'))));
    rest = rest.substr(colon + 1);
    if (address == "localhost") {
      listen.address = Ip::loopback4();
    } else if (address != "*") {
      const auto ip = Ip::parse(address);
      if (!ip)
        return expected(form(), isDomain(address)
                                    ? "listen on an address of this machine, not on a name"
                                    : "the address is IPv4, [IPv6], * or localhost");
      listen.address = *ip;
    }
  } else if (Ip::parse(rest).ok() || rest == "*" || rest == "localhost") {
    return expected(form(), "add the port, e.g. " + std::string(rest) + ":80");
  }
  auto range = readPorts(rest, form());
  if (auto* complaint = std::get_if<Complaint>(&range)) return std::move(*complaint);
  listen.ports = std::get<PortRange>(range);
  return listen;
}

Parsed<To> To::read(std::string_view text) {
  To to;
  std::string_view rest = text;
  if (text.find("://") != std::string_view::npos)
    return expected(form(), "the network is chosen by listen: 51820/udp");
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    const auto bridge = rest.substr(0, slash);
    if (bridge.find(':') != std::string_view::npos)
      return expected(form(), "the network is chosen by listen: 51820/udp");
    auto name = Name::read(bridge);
    if (auto* complaint = std::get_if<Complaint>(&name)) return expected(form(), complaint->hint);
    to.bridge = std::get<Name>(name).text;
    rest = rest.substr(slash + 1);
  }
  if (rest.find(':') == std::string_view::npos) {
    auto name = Name::read(rest);
    if (std::get_if<Complaint>(&name)) {
      if (allDigits(rest))
        return expected(form(), "name the host too: 127.0.0.1:" + escaped(rest, 12));
      if (isDomain(rest) && rest.find('.') != std::string_view::npos)
        return expected(form(), "add the port: " + escaped(rest, 80) + ":80");
      if (Ip::parse(rest).ok())
        return expected(form(), "add the port: " + escaped(rest, 80) + ":80");
      return expected(form(), std::get<Complaint>(name).hint);
    }
    to.service = std::get<Name>(name).text;
    return to;
  }
  auto split = readHost(rest, form(), "add the port, e.g. 127.0.0.1:80");
  if (auto* complaint = std::get_if<Complaint>(&split)) return std::move(*complaint);
  auto& [host, written, ports] = std::get<HostAndRest>(split);
  if (ports.find('/') != std::string_view::npos)
    return expected(form(), "the network is chosen by listen: 51820/udp");
  auto range = readPorts(ports, form());
  if (auto* complaint = std::get_if<Complaint>(&range)) return std::move(*complaint);
  to.host = std::move(host);
  to.written = std::move(written);
  to.ports = std::get<PortRange>(range);
  return to;
}

Parsed<SourceBlock> SourceBlock::read(std::string_view text) {
  const auto block = parseCidr(text);
  if (block) return SourceBlock{*block};
  if (text.find(',') != std::string_view::npos) return expected(form(), "write a list");
  const auto ip = Ip::parse(text.substr(0, text.find('/')));
  return expected(form(), !ip          ? ""
                          : ip->isV4() ? "behind the / stands 0 to 32"
                                       : "behind the / stands 0 to 128");
}

Parsed<UserId> UserId::read(std::string_view text) {
  const auto id = parseUuid(text);
  if (!id) return saying(form(), kMessage);
  return UserId{*id};
}

Parsed<FileName> FileName::read(std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return expected(form());
  return FileName{std::string(text)};
}

}  // namespace culvert::config

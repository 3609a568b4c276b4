#include "base/Destination.h"

#include "base/Log.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

namespace culvert {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// Four decimal numbers of one to three digits without leading zeros.
std::optional<std::array<std::uint8_t, 4>> parseV4(std::string_view text) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9') {
      value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
    }
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text.front() == '0'))
      return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(digits);
  }
  if (!text.empty()) return std::nullopt;
  return bytes;
}

/// RFC 4291 section 2.2: up to eight groups, one "::", an IPv4 tail.
std::optional<std::array<std::uint8_t, 16>> parseV6(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t filled = 0;
  std::optional<std::size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  } else if (text.starts_with(":")) {
    return std::nullopt;
  }
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    if (group.find('.') != std::string_view::npos) {
      const auto tail = parseV4(text);
      if (!tail || filled > 12) return std::nullopt;
      std::copy(tail->begin(), tail->end(), bytes.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += 4;
      text = {};
      break;
    }
    if (group.empty() || group.size() > 4 || filled > 14) return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), value, 16);
    if (error != std::errc() || end != group.data() + group.size()) return std::nullopt;
    bytes[filled++] = static_cast<std::uint8_t>(value >> 8);
    bytes[filled++] = static_cast<std::uint8_t>(value);
    text.remove_prefix(group.size());
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;  // a single colon at the end
    if (text.front() == ':') {
      if (gap) return std::nullopt;
      gap = filled;
      text.remove_prefix(1);
    }
  }
  if (gap ? filled > 14 : filled != 16) return std::nullopt;
  if (gap) {
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(*gap);
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(filled);
    std::rotate(at, end, bytes.end());  // behind the groups there are zeros only
  }
  return bytes;
}

}  // namespace

Ip Ip::fromBytes(Bytes bytes, std::uint32_t zone) {
  Ip ip;
  if (bytes.size() == 16 && std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin())) {
    bytes = bytes.subspan(12);
  }
  CULVERT_ASSERT(bytes.size() == 4 || bytes.size() == 16);
  ip.v4_ = bytes.size() == 4;
  std::copy(bytes.begin(), bytes.end(), ip.bytes_.begin());
  if (ip.isLinkLocal() && !ip.v4_) ip.zone_ = zone;
  return ip;
}

Ip Ip::any4() {
  return {};
}

Ip Ip::any6() {
  Ip ip;
  ip.v4_ = false;
  return ip;
}

Ip Ip::loopback4() {
  Ip ip;
  ip.bytes_ = {127, 0, 0, 1};
  return ip;
}

Ip Ip::loopback6() {
  Ip ip = any6();
  ip.bytes_[15] = 1;
  return ip;
}

Result<Ip> Ip::parse(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    const auto bytes = parseV6(text.substr(1, text.size() - 2));
    if (!bytes) return Errc::BadAddress;
    return fromBytes(*bytes);
  }
  if (const auto bytes = parseV4(text)) return fromBytes(*bytes);
  if (const auto bytes = parseV6(text); bytes && text.find(':') != std::string_view::npos) {
    return fromBytes(*bytes);
  }
  return Errc::BadAddress;
}

Bytes Ip::bytes() const noexcept {
  return Bytes(bytes_).first(v4_ ? 4 : 16);
}

bool Ip::isAny() const noexcept {
  return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool Ip::isLoopback() const noexcept {
  return v4_ ? bytes_[0] == 127 : *this == loopback6();
}

bool Ip::isLinkLocal() const noexcept {
  return v4_ ? bytes_[0] == 169 && bytes_[1] == 254
             : bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool Ip::isMulticast() const noexcept {
  return v4_ ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool Ip::isWithin(const Ip& network, unsigned prefix) const noexcept {
  if (v4_ != network.v4_ || prefix > bytes().size() * 8) return false;
  const std::size_t whole = prefix / 8;
  if (!std::equal(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(whole),
                  network.bytes_.begin())) {
    return false;
  }
  const unsigned rest = prefix % 8;
  return rest == 0 || (bytes_[whole] ^ network.bytes_[whole]) >> (8 - rest) == 0;
}

std::string toString(const Ip& ip) {
  const Bytes bytes = ip.bytes();
  std::string text;
  if (ip.isV4()) {
    std::array<char, 15> dotted{};
    char* at = dotted.data();
    for (const std::uint8_t byte : bytes) {
      if (at != dotted.data()) *at++ = '.';
      at = std::to_chars(at, dotted.data() + dotted.size(), byte).ptr;
    }
    return text.assign(dotted.data(), at);
  }
  // RFC 5952: the longest run of two or more zero groups becomes "::", the first one on a tie.
  const auto group = [&](std::size_t i) {
    return static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  };
  std::size_t runAt = 8, runLength = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t length = 0;
    while (i + length < 8 && group(i + length) == 0) ++length;
    if (length > runLength) {
      runAt = i;
      runLength = length;
    }
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == runAt) {
      text += "::";
      i += runLength - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), group(i), 16).ptr;
    text.append(digits.data(), end);
  }
  if (ip.zone() != 0) text += '%' + std::to_string(ip.zone());
  return text;
}

std::string toString(const Endpoint& endpoint) {
  const std::string ip = toString(endpoint.ip);
  return (endpoint.ip.isV4() ? ip : '[' + ip + ']') + ':' + std::to_string(endpoint.port);
}

std::string_view toString(Network network) {
  return network == Network::Tcp ? "tcp" : "udp";
}

Host parseHost(std::string_view text) {
  if (const Result<Ip> ip = Ip::parse(text)) return *ip;
  return std::string(text);
}

std::string toString(const Host& host) {
  const auto* const ip = std::get_if<Ip>(&host);
  return ip ? toString(*ip) : std::get<std::string>(host);
}

std::string toString(const Destination& destination) {
  std::string text(toString(destination.network));
  text += ':';
  if (destination.isDomain()) {
    text += escaped(destination.domain(), 256) + ':' + std::to_string(destination.port);
  } else {
    text += toString(Endpoint{destination.ip(), destination.port});
  }
  return text;
}

std::string normalizedDomain(std::string_view name) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  std::string normal(name);
  for (char& c : normal) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return normal;
}

}  // namespace culvert

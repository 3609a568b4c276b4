#include "routing/Idna.h"

#include "base/Destination.h"

#include <Poco/Unicode.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace culvert::routing {
namespace {

using CodePoints = std::vector<std::uint32_t>;

std::optional<CodePoints> decodeUtf8(std::string_view text) {
  CodePoints points;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    std::uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      point = point << 6 | (next & 0x3fu);
    }
    points.push_back(point);
    i += length;
  }
  return points;
}

/// What NFKC and case folding make of the characters people type into names.
std::uint32_t mapped(std::uint32_t point) {
  if (point == 0x3002 || point == 0xff0e || point == 0xff61) return '.';  // ideographic full stops
  if (point >= 0xff01 && point <= 0xff5e) point -= 0xfee0;                // full-width ASCII
  if (point >= 'A' && point <= 'Z') return point + ('a' - 'A');
  if (point < 0x80) return point;
  return static_cast<std::uint32_t>(Poco::Unicode::toLower(static_cast<int>(point)));
}

/// RFC 3492 section 6.1.
std::uint32_t adapted(std::uint32_t delta, std::uint32_t count, bool first) {
  delta = first ? delta / 700 : delta / 2;
  delta += delta / count;
  std::uint32_t k = 0;
  for (; delta > (36 - 1) * 26 / 2; k += 36) delta /= 36 - 1;
  return k + 36 * delta / (delta + 38);
}

/// RFC 3492 section 6.3; nothing for a label too long to be one.
std::optional<std::string> punycode(const CodePoints& label) {
  if (label.size() > 255) return std::nullopt;
  const auto digit = [](std::uint32_t value) {
    return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
  };
  std::string out;
  for (const std::uint32_t point : label) {
    if (point < 0x80) out += static_cast<char>(point);
  }
  const auto basic = static_cast<std::uint32_t>(out.size());
  if (basic > 0) out += '-';

  std::uint32_t n = 0x80, delta = 0, bias = 72, handled = basic;
  while (handled < label.size()) {
    std::uint32_t next = std::numeric_limits<std::uint32_t>::max();
    for (const std::uint32_t point : label) {
      if (point >= n) next = std::min(next, point);
    }
    delta += (next - n) * (handled + 1);
    n = next;
    for (const std::uint32_t point : label) {
      if (point < n) ++delta;
      if (point != n) continue;
      std::uint32_t q = delta;
      for (std::uint32_t k = 36;; k += 36) {
        const std::uint32_t t = k <= bias ? 1 : std::min<std::uint32_t>(k - bias, 26);
        if (q < t) break;
        out += digit(t + (q - t) % (36 - t));
        q = (q - t) / (36 - t);
      }
      out += digit(q);
      bias = adapted(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++n;
  }
  return out;
}

}  // namespace

std::string comparableName(std::string_view name) {
  const bool ascii = std::all_of(name.begin(), name.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return normalizedDomain(name);
  const std::optional<CodePoints> points = decodeUtf8(name);
  if (!points) return normalizedDomain(name);

  std::string out;
  CodePoints label;
  bool international = false;
  const auto finishLabel = [&] {
    if (const auto encoded = international ? punycode(label) : std::nullopt) {
      out += "xn--" + *encoded;
    } else {
      for (const std::uint32_t point : label) out += static_cast<char>(point);
    }
    label.clear();
    international = false;
  };
  for (const std::uint32_t point : *points) {
    const std::uint32_t plain = mapped(point);
    if (plain == '.') {
      finishLabel();
      out += '.';
    } else {
      international = international || plain >= 0x80;
      label.push_back(plain);
    }
  }
  finishLabel();
  return normalizedDomain(out);
}

}  // namespace culvert::routing

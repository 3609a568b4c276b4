#include "net/WireAddress.h"

#include <algorithm>
#include <string>
#include <utility>

namespace culvert {
namespace {

constexpr std::uint8_t kIpv4 = 1, kDomain = 2, kIpv6 = 3;  // the types

bool isNameByte(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

}  // namespace

void appendWireAddress(Buffer& out, const Host& host, std::uint16_t port) {
  out.appendU16be(port);
  if (const auto* const ip = std::get_if<Ip>(&host)) {
    out.append(ip->isV4() ? kIpv4 : kIpv6);
    out.append(ip->bytes());
    return;
  }
  const std::string& name = std::get<std::string>(host);
  CULVERT_ASSERT(!name.empty() && name.size() <= 255);
  out.append(kDomain);
  out.append(static_cast<std::uint8_t>(name.size()));
  out.append(asBytes(name));
}

Result<Destination> parseWireAddress(Cursor& in, Network network) {
  Destination destination{network, {}, in.u16be()};
  const std::uint8_t type = in.u8();
  switch (type) {
    case kIpv4:
    case kIpv6: {
      const Bytes bytes = in.take(type == kIpv4 ? 4 : 16);
      if (!in.underrun()) destination.host = Ip::fromBytes(bytes);
      break;
    }
    case kDomain: {
      const std::string_view name = in.text(in.u8());
      if (in.underrun()) break;
      if (name.empty()) return Errc::BadAddress;
      // A literal in brackets is the one name that may hold other bytes.
      destination.host = parseHost(name);
      if (destination.isDomain() && !std::all_of(name.begin(), name.end(), isNameByte)) {
        return Errc::BadAddress;
      }
      break;
    }
    default:
      if (!in.underrun()) return Errc::BadAddress;
  }
  return in.done(std::move(destination));
}

}  // namespace culvert

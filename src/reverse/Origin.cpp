#include "reverse/Origin.h"

#include "base/Cursor.h"
#include "net/WireAddress.h"

namespace culvert::reverse {
namespace {

std::optional<Endpoint> readEndpoint(Cursor& in) {
  const std::uint8_t network = in.u8();
  if (network != static_cast<std::uint8_t>(Network::Tcp) &&
      network != static_cast<std::uint8_t>(Network::Udp)) {
    return std::nullopt;
  }
  const Result<Destination> address = parseWireAddress(in, static_cast<Network>(network));
  if (!address || address->isDomain()) return std::nullopt;
  return Endpoint{address->ip(), address->port};
}

}  // namespace

void append(Buffer& out, Network network, const Origin& origin) {
  for (const std::optional<Endpoint>* const endpoint : {&origin.source, &origin.local}) {
    if (!*endpoint) {
      out.append(std::uint8_t{0});
      continue;
    }
    out.append(static_cast<std::uint8_t>(network));
    appendWireAddress(out, (*endpoint)->ip, (*endpoint)->port);
  }
}

Origin parseOrigin(Bytes metadata) {
  Cursor in(metadata);
  Origin origin;
  origin.source = readEndpoint(in);
  origin.local = readEndpoint(in);
  return origin;
}

}  // namespace culvert::reverse

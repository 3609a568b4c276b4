// The address layout that VMess headers and Mux.Cool frames share: port first, then a type, then
// the host.
//
//   +------+------+---------------------------------------------+
//   | port | type | 1: IPv4 (4) | 2: length u8 + name | 3: IPv6 (16) |
//   | be16 |  u8  |                                             |
//   +------+------+---------------------------------------------+
//
// Source: V2Ray's VMess and Mux.Cool pages; v2ray-core common/protocol/address.go.
#pragma once

#include "base/Buffer.h"
#include "base/Cursor.h"
#include "base/Destination.h"

namespace culvert {

/// The largest encoding: port, type, length byte and a name of 255 bytes.
constexpr std::size_t kMaxWireAddressBytes = 2 + 1 + 1 + 255;

/// Appends port, type and host.  A name must be 1 to 255 bytes long.
void appendWireAddress(Buffer& out, const Host& host, std::uint16_t port);

/// Reads port, type and host.  A name that is an address literal becomes that address.  Fails with
/// Errc::BadAddress on an unknown type, an empty name, or a byte that is none of A-Z a-z 0-9 - . _;
/// with Errc::Truncated when bytes are missing.  The network of the result is `network`.
Result<Destination> parseWireAddress(Cursor& in, Network network);

}  // namespace culvert

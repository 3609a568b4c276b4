// Where a visitor came from and where it came in, behind the address of a New frame (feature bit
// 0x04).
//
//   +---------+------+------+---------+---------+------+------+---------+
//   | network | port | type | address | network | port | type | address |
//   |   u8    | be16 |  u8  |  4, 16  |   u8    | be16 |  u8  |  4, 16  |
//   +---------+------+------+---------+---------+------+------+---------+
//     the visitor                       the listening address
//
// Network 0, or the end, is: not told.  Source: Xray-core's VLESS reverse writes the same.
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"
#include "base/Destination.h"

#include <optional>

namespace culvert::reverse {

struct Origin {
  std::optional<Endpoint> source, local;
};

void append(Buffer& out, Network network, const Origin& origin);
/// What can be read of it; never fails.
Origin parseOrigin(Bytes metadata);

}  // namespace culvert::reverse

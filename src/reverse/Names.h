// The names under which portals open the control session.  They are no hosts: nobody resolves them,
// no visitor may ask for them, no bridge hands them to its rules.
//
//   reverse.internal.v2fly.org    V2Ray 4.35 and later, Xray 1.5.4 to 25.9.5; what Culvert
//   announces first reverse.internal.v2ray.com    V2Ray up to 4.34 reverse Xray from 25.9.10 on
//   reverse.internal.example.com  Xray before 1.5.4
#pragma once

#include "base/Destination.h"

#include <array>
#include <string_view>

namespace culvert::reverse {

inline constexpr std::array<std::string_view, 4> kControlNames{
    "reverse.internal.v2fly.org", "reverse.internal.v2ray.com", "reverse",
    "reverse.internal.example.com"};
/// How many of them a portal tries by itself.
inline constexpr std::size_t kAnnouncedNames = 3;

/// Whether a session to `target` is a control session: UDP, port 0, one of the names.
[[nodiscard]] bool isControl(const Destination& target);

/// Whether both name the same domain, as rules compare names.
[[nodiscard]] bool isDomain(const Destination& target, std::string_view domain);

}  // namespace culvert::reverse

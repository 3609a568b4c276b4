// From which round trip on a path is long for the choice of links: one TCP connection does not
// carry all that the path does, as its receive window is worth a round trip and a lost packet costs
// another.
//
// On such a path a bridge has as many links at rest as bulk sessions may have, and a portal prefers
// the link that has carried bulk last: its TCP knows the path.
#pragma once

#include <chrono>

namespace culvert::reverse {

constexpr std::chrono::milliseconds kLongPath{20};

}  // namespace culvert::reverse

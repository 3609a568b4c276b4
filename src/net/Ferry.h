// A crossover between two loops: for a stream that cannot move to the loop its flow is served on.
//
// Every send is copied into the other end's inbox and announced by a post; an end answers Full
// while more than 256 KiB wait at the other.
#pragma once

#include "net/Crossover.h"
#include "net/Loop.h"
#include "net/Stream.h"

#include <utility>

namespace culvert {

/// The first end lives on `here`, the second on `there`.  Called on `here`'s thread.
std::pair<StreamPtr, StreamPtr> makeFerry(Loop& here, Loop& there, Carries carries);

}  // namespace culvert

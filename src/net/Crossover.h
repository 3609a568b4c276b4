// Two streams joined back to back on one loop: what one end sends the other receives, by direct
// call.
//
// Data, and the word that there is room, pass straight through unless that would call a receiver
// that is itself in a call on its stream (then they wait for the turn's end); ends and failures
// always come at the turn's end.  An end answers Full while the other is paused.  Bytes sent must
// be in writable memory: the receiver may decode them in place.
#pragma once

#include "net/Loop.h"
#include "net/Stream.h"

#include <utility>

namespace culvert {

enum class Carries { ByteStream, Packets };

std::pair<StreamPtr, StreamPtr> makeCrossover(Loop& loop, Carries carries = Carries::ByteStream);

}  // namespace culvert

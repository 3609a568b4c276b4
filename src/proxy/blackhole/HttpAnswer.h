// blackhole with response "http": a visitor whose first bytes look like HTTP is told 403, others
// just end.
#pragma once

#include "net/Loop.h"
#include "net/Stream.h"
#include "proxy/Flow.h"

#include <string_view>

namespace culvert::blackhole {

/// Whether `bytes` could be, or are (nullopt: too few to say), the start of an HTTP request: a
/// method and a blank.
enum class Looks { LikeHttp, Unlike, TooShort };
Looks looksLikeHttp(std::string_view bytes);

/// Waits at most a second for the visitor's first bytes, answers, waits a second more, ends.
void answerHttp(Loop& loop, StreamPtr visitor, proxy::FlowRecordPtr record, const void* owner);

}  // namespace culvert::blackhole

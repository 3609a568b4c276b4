// A flow on its way to a target: what an outbound is given.
#pragma once

#include "net/Stream.h"
#include "proxy/Flow.h"
#include "proxy/Session.h"

namespace culvert::reverse {

struct Visitor {
  proxy::Session session;
  StreamPtr stream;
  proxy::FlowRecordPtr record;  ///< may be empty
};

}  // namespace culvert::reverse

// Takes flows: what a rule's outboundTag names.
#pragma once

#include "net/Loop.h"
#include "net/Stream.h"
#include "proxy/Flow.h"
#include "proxy/Session.h"

#include <string>
#include <vector>

namespace culvert::proxy {

class Outbound {
 public:
  Outbound() = default;
  Outbound(const Outbound&) = delete;
  Outbound& operator=(const Outbound&) = delete;
  virtual ~Outbound() = default;

  /// The loop on which this session is served best: `here` for most, a link's for a portal.
  /// Thread-safe.
  virtual Loop& home(const Session& session, Loop& here);
  /// Takes the visitor over on `here`'s thread, which is its stream's.  Never fails: what goes
  /// wrong ends the visitor and is noted in `record`.
  virtual void open(Session session, StreamPtr visitor, FlowRecordPtr record, Loop& here) = 0;
  /// What this outbound can reach, for `check` (REACH-9): "tcp 127.0.0.1:80", "any address"; empty:
  /// nothing to say.
  [[nodiscard]] virtual std::vector<std::string> reach() const { return {}; }
};

/// Ends a visitor that cannot be served: with a reset, noting `why`.
void refuse(StreamPtr visitor, FlowRecordPtr record, std::error_code why);

}  // namespace culvert::proxy

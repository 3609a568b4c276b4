// A visitor waiting for its target: dials, and joins the two when the target answers.
//
// The visitor stays paused until then, so what it said early waits in its stream.  A dial that
// fails ends the visitor with a reset at once: a stopped service shall fail fast.
#pragma once

#include "base/Pooled.h"
#include "net/Loop.h"
#include "net/Sockets.h"
#include "net/Stream.h"
#include "proxy/Flow.h"
#include "proxy/Session.h"
#include "proxy/freedom/Reach.h"
#include "proxy/freedom/Refusals.h"
#include "proxy/freedom/Settings.h"

#include <memory>
#include <string>
#include <vector>

namespace culvert::freedom {

/// What all dials of an outbound share; they keep it alive.
struct Policy {
  Options options;
  Reach reach;
  Refusals refusals;
  Sockets& sockets;
  std::vector<Ip> from;
};

class Dial final : public Root, public Pooled<Dial>, private Receiver, private DialHandler {
 public:
  /// Takes the visitor over on `loop`'s thread.
  static void start(std::shared_ptr<Policy> policy, proxy::Session session, StreamPtr visitor,
                    proxy::FlowRecordPtr record, Loop& loop);

  void stop(std::error_code why) override { fail(why); }
  [[nodiscard]] const void* owner() const noexcept override;

 private:
  Dial(std::shared_ptr<Policy> policy, proxy::Session session, StreamPtr visitor,
       proxy::FlowRecordPtr record, Loop& loop);
  void begin();
  std::error_code judge(const Endpoint& address);
  void fail(std::error_code why);

  void onData(MutableBytes) override {}  // never: the visitor is paused
  void onEnd() override {}
  void onRoom() override {}
  void onClosed(std::error_code why) override;

  void onDialed(StreamPtr target, const Endpoint& remote) override;
  void onDialFailed(std::error_code why) override;

  const std::shared_ptr<Policy> policy_;
  const proxy::Session session_;
  const Destination target_;  ///< after `redirect`
  StreamPtr visitor_;
  proxy::FlowRecordPtr record_;
  Loop& loop_;
  HandlePtr dialling_;
  bool done_ = false;
};

}  // namespace culvert::freedom

// The end of a link that is asked to open sessions: a bridge's end of a tunnel, or an ordinary mux
// server.
#pragma once

#include "mux/MuxLink.h"

namespace culvert::mux {

class ServerHandler : public LinkHandler {
 public:
  /// Whether a session to `target` is the control session, which never leaves the mux.
  virtual bool isControl(const Destination&) { return false; }
  /// A session for `target`.  `stream` is born paused; its first data waits in it.  Destroying it
  /// refuses the session.  `metadata` is what followed the address; valid until the call returns.
  virtual void onSession(const Destination& target, StreamPtr stream, Bytes metadata) = 0;

 protected:
  ~ServerHandler() = default;
};

class MuxServer final : public MuxLink {
 public:
  /// Takes the paused `link`, on `loop`.  `handler` and `environment` outlive the server.
  MuxServer(Loop& loop, StreamPtr link, ServerHandler& handler, Environment& environment,
            const LinkOptions& options = {});

 private:
  bool onNew(const FrameHead& head) override;

  ServerHandler& server_;
};

}  // namespace culvert::mux

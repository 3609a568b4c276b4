// Makes flows: listens, greets, and hands (Session, Stream) pairs to the Dispatcher.
#pragma once

#include "net/Loop.h"
#include "net/Stream.h"
#include "proxy/Session.h"

#include <memory>
#include <string>

namespace culvert::proxy {

/// Decides which outbound shall have a flow and gives it to it.
class Dispatcher {
 public:
  /// Takes the visitor over on `here`'s thread.  The stream may be moved to another loop before the
  /// outbound gets it.
  virtual void dispatch(Session session, StreamPtr visitor, Loop& here) = 0;

 protected:
  ~Dispatcher() = default;
};

/// Takes over streams whose target is the mux pseudo-host or command: a mux server is put on them.
class MuxAcceptor {
 public:
  virtual void acceptMux(Session session, StreamPtr stream, Loop& here) = 0;

 protected:
  ~MuxAcceptor() = default;
};

/// What a protocol does with connections; the listening itself is the instance's (src/app), which
/// keeps ports open across a reload.  One object serves all loops; calls come on the loop they
/// name.
class InboundHandler {
 public:
  InboundHandler() = default;
  InboundHandler(const InboundHandler&) = delete;
  InboundHandler& operator=(const InboundHandler&) = delete;
  virtual ~InboundHandler() = default;

  /// A new connection.
  virtual void accept(StreamPtr stream, const Endpoint& source, const Endpoint& local,
                      Loop& loop) = 0;
  /// A new UDP flow: only for a handler that needs UDP.
  virtual void acceptDatagrams(StreamPtr, const Endpoint& /*source*/, const Endpoint& /*local*/,
                               Loop&) {}

  struct Needs {
    bool tcp = true, udp = false;  ///< which listeners to open
    bool strangers = false;  ///< connections must authenticate first: ListenOptions::strangers
    std::chrono::seconds udpIdle{60}, udpIdleAnswered{300};
  };
  [[nodiscard]] virtual Needs needs() const = 0;
  /// Called on a loop of the instance once it runs and before anything is accepted: start tables
  /// and timers. The handler is destroyed on that loop's thread, or when no loop runs any more.
  virtual void start(Loop&) {}
  /// After a reload: whether the user still exists, so that the flows it opened under the settings
  /// before may go on (KEY-6).  `userKey` is Session::userKey.  Thread-safe.
  [[nodiscard]] virtual bool knowsUser(const std::string& /*userKey*/) const { return true; }
};
using InboundHandlerPtr = std::unique_ptr<InboundHandler>;

}  // namespace culvert::proxy

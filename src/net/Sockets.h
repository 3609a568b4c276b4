// The world outside as the layers above see it: listening, dialling, resolving.
//
// One implementation is real (PocoSockets.h: Poco's sockets on a Reactor, c-ares), one is the
// simulator's. All calls are made on the thread of the loop they name, and answers come on it,
// never from inside the call.  Destroying the returned handle cancels: no answer comes after that.
#pragma once

#include "base/Destination.h"
#include "net/Loop.h"
#include "net/Stream.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace culvert {

/// An open listening socket or a pending request; destroying it closes or cancels.
class Handle {
 public:
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  virtual ~Handle() = default;
};
using HandlePtr = std::unique_ptr<Handle>;

/// Hears what a listening socket brings.  `stream` is born paused and bound to the listening loop.
/// On a TCP listener it is a connection, on a UDP listener the flow of one source, whose first
/// datagrams wait in it.
class AcceptHandler {
 public:
  virtual void onAccepted(StreamPtr stream, const Endpoint& source, const Endpoint& local) = 0;

 protected:
  ~AcceptHandler() = default;
};

class Listening : public Handle {
 public:
  /// From now on accepted streams go to `handler`: how a reload keeps a port open.  Own thread.
  virtual void setHandler(AcceptHandler& handler) = 0;
  /// The address really bound (port 0 asks the system for one).
  [[nodiscard]] virtual Endpoint local() const = 0;
};
using ListeningPtr = std::unique_ptr<Listening>;

struct ListenOptions {
  Network network = Network::Tcp;
  /// No address: all addresses of both families on one socket where the system can.
  std::vector<Ip> addresses = {};  ///< empty or one
  std::uint16_t port = 0;
  /// TCP: strangers come here (an inbound that authenticates): end with FIN until told otherwise,
  /// counted by the greeter.  Else the stream is a visitor: its sudden end is a reset from accept
  /// on, and it counts for LIM-4 and LIM-5.
  bool strangers = false;
  /// UDP: how long a flow lives without datagrams, before and after the first one was sent back
  /// (F-UDP).
  std::chrono::seconds udpIdle{60}, udpIdleAnswered{300};
};

/// Hears how a dial ended: exactly one of the two, once.
class DialHandler {
 public:
  virtual void onDialed(StreamPtr stream, const Endpoint& remote) = 0;
  virtual void onDialFailed(std::error_code why) = 0;

 protected:
  ~DialHandler() = default;
};

enum class Families { Any, V4, V6, V4First, V6First };

struct DialOptions {
  /// In all: waiting in line, look-up and every address (LIM-12).
  std::chrono::milliseconds timeout{10'000};
  Families families = Families::Any;
  /// The local address to dial from; its family restricts the look-up.
  std::vector<Ip> from = {};  ///< empty or one
  /// A link: dialled with the descriptors kept in reserve when all others are in use (LIM-20).
  bool mayUseReserve = false;
  /// Judges every address before it is dialled (REACH-4): no error lets it pass.  Empty: all pass.
  std::function<std::error_code(const Endpoint&)> judge = {};
};

/// Hears the addresses of a name, or why there are none.  The list is never empty without an error.
using Resolved = std::function<void(std::error_code, std::vector<Ip>)>;

class Sockets {
 public:
  Sockets() = default;
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  virtual ~Sockets() = default;

  /// Binds and listens; throws std::system_error with the address in its text.  The caller's thread
  /// may be any before the loop runs, later the loop's.
  virtual ListeningPtr listen(Loop& loop, const ListenOptions& options, AcceptHandler& handler) = 0;

  /// Connects to `target`: every address, 250 ms apart, IPv6 and IPv4 in turn (RFC 8305).  UDP: a
  /// socket for that one peer, datagrams from elsewhere dropped (REACH-6).  The stream comes
  /// paused; its sudden end is a reset (F-CUT).  A name that only looks like one ("2130706433",
  /// "0x7f.1") fails (REACH-5).
  [[nodiscard]] virtual HandlePtr dial(Loop& loop, const Destination& target, DialOptions options,
                                       DialHandler& handler) = 0;

  /// Looks a name up (hosts file, then DNS).
  [[nodiscard]] virtual HandlePtr resolve(Loop& loop, const std::string& name, Families families,
                                          Resolved done) = 0;
};

}  // namespace culvert

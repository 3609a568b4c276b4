// A listening TCP socket on a reactor.
//
// At most 64 connections a turn.  When there is no room for more (LIM-5, or the system has no
// descriptors) it leaves the poll set, looks again twice a second, resets what waits once a second,
// and goes on when the number has fallen below 95 %; a line in the log every ten seconds says so.
//
// Without an address it takes both families on one IPv6 socket; IPv4 alone where the system has no
// IPv6.
#pragma once

#include "net/Connections.h"
#include "net/Sockets.h"
#include "net/Watch.h"

namespace culvert {

class Reactor;

class Listener final : public Listening, private Watcher {
 public:
  /// Binds and listens; throws std::system_error with the address in its text.
  Listener(Reactor& reactor, const ListenOptions& options, AcceptHandler& handler,
           Connections& connections);
  ~Listener() override;

  void setHandler(AcceptHandler& handler) override { handler_ = &handler; }
  [[nodiscard]] Endpoint local() const override { return local_; }

 private:
  void onReadable() override;
  void onWatchFailed(std::error_code why) noexcept override;

  void welcome(const os::Accepted& accepted);
  void suspend();
  void lookAgain();
  [[nodiscard]] bool hasDescriptors();
  void resetWaiting();

  Reactor& reactor_;
  AcceptHandler* handler_;
  Connections& connections_;
  const Connections::Kind kind_;
  os::Descriptor spare_;  ///< given up to take a connection when there is no other descriptor
  Watch watch_;
  Endpoint local_;
  bool resetNext_ = false;
  DeadlineOf<Listener, &Listener::lookAgain> lookAgain_{*this};
};

/// Binds a socket for `options`; `open` makes one of the given family.  Throws as Listener does.
os::Descriptor bindListening(const ListenOptions& options,
                             Result<os::Descriptor> (*open)(os::Family family), os::Family& family);

}  // namespace culvert

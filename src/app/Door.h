// One port of an inbound: a listening socket, and to whom it brings what comes.
//
// A door is made closed: what the socket accepts waits until open(), so that nothing is judged by
// rules that are not in force yet.  A door whose port goes on under a new configuration gives its
// socket to its successor, and no connection is lost between the two.
#pragma once

#include "net/Sockets.h"
#include "proxy/Inbound.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace culvert::app {

class Door final : private AcceptHandler {
 public:
  Door(Loop& loop, ListenOptions options, proxy::InboundHandler& handler)
      : loop_(loop), options_(std::move(options)), handler_(handler) {}
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  [[nodiscard]] Loop& loop() const noexcept { return loop_; }
  [[nodiscard]] const ListenOptions& options() const noexcept { return options_; }
  /// From any thread.
  [[nodiscard]] bool isBound() const noexcept { return bound_; }
  /// Where it really listens; bound only.
  [[nodiscard]] Endpoint local() const { return listening_->local(); }

  // On the loop's thread, or before it runs.
  /// Throws std::system_error.
  void bind(Sockets& sockets);
  /// Tries to bind every 30 s until that works: a port that is optional.
  void retryEvery(Sockets& sockets);
  /// Takes over the socket of `other`, which is on the same loop, and what waits there.
  void takeOver(Door& other);
  /// From now on what comes goes to the handler.
  void open();
  /// Stops listening; flows go on.
  void close();

 private:
  void onAccepted(StreamPtr stream, const Endpoint& source, const Endpoint& local) override;
  void pass(StreamPtr stream, const Endpoint& source, const Endpoint& local);

  static constexpr std::chrono::seconds kRetry{30};
  void retry();

  struct Waiting {
    StreamPtr stream;
    Endpoint source, local;
  };
  Loop& loop_;
  const ListenOptions options_;
  proxy::InboundHandler& handler_;
  ListeningPtr listening_;
  std::vector<Waiting> waiting_;
  bool open_ = false;
  std::atomic<bool> bound_{false};
  Sockets* retryWith_ = nullptr;
  DeadlineOf<Door, &Door::retry> retry_{*this};
};

/// "198.51.100.1:80/tcp", "80/udp" without an address.
std::string toString(const ListenOptions& options);
/// Whether both name the same port of the same addresses.
bool samePort(const ListenOptions& a, const ListenOptions& b);
/// Whether a socket opened for the one does for the other.
bool sameSocket(const ListenOptions& a, const ListenOptions& b);

}  // namespace culvert::app

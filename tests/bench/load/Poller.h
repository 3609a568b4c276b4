// Edge-triggered epoll for one thread.
//
// A descriptor is registered once, for everything; its handler notes what became possible and then
// works.  Work is bounded: a handler that could go on says More and is called again in the next
// turn, after the others had theirs.
#pragma once

#include "bench/load/Clock.h"
#include "bench/load/Descriptor.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <vector>

namespace culvert::load {

enum class Progress { Waiting, More };

class Handler {
 public:
  virtual ~Handler() = default;
  /// `events` (EPOLL…) happened on descriptor number `side` of this handler, 0 or 1.
  virtual void note(unsigned side, std::uint32_t events) = 0;
  virtual Progress work() = 0;

 private:
  friend class Poller;
  static constexpr std::size_t kNotOwned = ~std::size_t{0};
  std::size_t place_ = kNotOwned;
  bool isQueued_ = false;
  bool isRetired_ = false;
};

class Poller {
 public:
  static constexpr std::uint32_t kEverything = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

  Poller();  // throws std::system_error
  Poller(const Poller&) = delete;
  ~Poller();

  /// Closing the descriptor ends this.  Throws std::system_error.
  void add(int descriptor, Handler& handler, unsigned side = 0, std::uint32_t events = kEverything);

  /// Keeps `handler` until it retires or the poller ends.
  Handler& adopt(std::unique_ptr<Handler> handler);
  /// Destroys an adopted handler after this turn; it is not called any more.
  void retire(Handler& handler);

  /// Turns until `isDone` or `deadline`; whether it is done.  `isDone` is asked once per turn.
  bool runUntil(TimePoint deadline, const std::function<bool()>& isDone);
  void runUntil(TimePoint deadline);
  /// Prints `ready` as a line, and turns until SIGTERM or SIGINT, which from that line on end it in
  /// order.
  void runUntilToldToEnd(const std::string& ready);
  /// Turns until standard input ends; at once if it cannot be waited for (a file, /dev/null).
  void runUntilInputEnds();

 private:
  void turn(int timeoutMilliseconds);
  void queue(Handler& handler);

  Descriptor epoll_;
  std::vector<epoll_event> events_;
  std::vector<Handler*> queue_;
  std::vector<Handler*> working_;
  std::vector<std::unique_ptr<Handler>> adopted_;
  std::vector<std::unique_ptr<Handler>> retired_;
};

}  // namespace culvert::load

// A descriptor and its place in its reactor's poll set: the one class that enters anything there.
//
// The poll set holds a Poco socket that knows its Watch, and the reactor tells that Watch what the
// poll found.  Poco's own way, observers of notifications, takes six more allocations and 900 bytes
// for every connection, and three locks and an allocation for every event.
//
// What nobody waits for is not in the poll set at all: the kernel reports a hang-up whether asked
// for or not, and the loop would spin (170 000 empty polls a second).  Handlers leave the poll set
// before the descriptor is closed, and it is closed explicitly: Poco drops its last handle only
// when the next poll returns. Nothing that is thrown leaves a callback.
#pragma once

#include "net/SocketCalls.h"

#include <Poco/Net/Socket.h>

#include <system_error>

namespace culvert {

class Reactor;

/// Hears what happens at a watched descriptor, on the reactor's thread.
class Watcher {
 public:
  virtual void onReadable() = 0;
  virtual void onWritable() {}
  /// One of the two threw (out of memory), or the descriptor could not be watched.  May close
  /// the Watch, not destroy it.
  virtual void onWatchFailed(std::error_code why) noexcept = 0;

 protected:
  ~Watcher() = default;
};

class Watch {
 public:
  struct Interest {
    bool read = false, write = false;
    /// Also call onReadable() for an error alone: connected datagram sockets report ICMP that way
    /// only.
    bool errors = false;
    bool operator==(const Interest&) const = default;
  };

  /// Takes the descriptor over.
  Watch(Reactor& reactor, Watcher& watcher, os::Descriptor descriptor);
  /// Takes the descriptor over from `other`, which is closed afterwards, and its place in the poll
  /// set with what is waited for there.
  Watch(Watch& other, Watcher& watcher);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  [[nodiscard]] bool isOpen() const noexcept;
  /// kNoDescriptor when closed.
  [[nodiscard]] os::Descriptor descriptor() const noexcept;

  /// Changes what is waited for.  On the reactor's thread, or before it runs.
  void want(Interest interest);
  void close() noexcept;
  /// Leaves the poll set and hands the descriptor over, open.
  [[nodiscard]] os::Descriptor release();
  /// Lets another reactor do the watching; only while nothing is waited for.
  void moveTo(Reactor& home);

  /// Calls onReadable() outside of the poll, as carefully as tell() does.
  void read() noexcept;

  /// Tells the watch of `socket`, which is of the poll set, what the poll found there: bits of
  /// Poco::Net::PollSet::Mode.  One that has closed or changed its mind meanwhile hears nothing.
  static void tell(const Poco::Net::Socket& socket, int found) noexcept;

 private:
  class Entry;

  [[nodiscard]] Entry& entry() const noexcept;
  void enter(Interest before);
  void onFound(int found);
  template <class Call>
  void guarded(Call call) noexcept;

  Reactor* reactor_;
  Watcher& watcher_;
  Poco::Net::Socket socket_;  ///< around an Entry
  Interest interest_;
};

}  // namespace culvert

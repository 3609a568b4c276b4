#include "net/Watch.h"

#include "base/Assert.h"
#include "base/Errc.h"
#include "base/Log.h"
#include "base/Pooled.h"
#include "net/Reactor.h"

#include <Poco/Net/PollSet.h>
#include <Poco/Net/StreamSocketImpl.h>

#include <exception>
#include <new>
#include <utility>

namespace culvert {
namespace {

constexpr Log log{"net"};

int modeOf(Watch::Interest interest) noexcept {
  using Poco::Net::PollSet;
  return (interest.read ? PollSet::POLL_READ : 0) | (interest.write ? PollSet::POLL_WRITE : 0) |
         (interest.errors ? PollSet::POLL_ERROR : 0);
}

}  // namespace

/// A Poco socket around a descriptor that can be taken out again.
class Watch::Entry final : public Poco::Net::StreamSocketImpl, public Pooled<Watch::Entry> {
 public:
  Entry(Watch& itsWatch, os::Descriptor descriptor)
      : StreamSocketImpl(descriptor), watch(&itsWatch) {}
  os::Descriptor take() {
    const os::Descriptor descriptor = sockfd();
    reset();
    return descriptor;
  }
  /// As a Poco socket; Socket's own constructor for an implementation is protected.
  static Poco::Net::Socket make(Watch& watch, os::Descriptor descriptor) {
    struct Handle final : Poco::Net::Socket {
      explicit Handle(Entry* entry) : Socket(entry) {}
    };
    return Handle(new Entry(watch, descriptor));
  }

  Watch* watch;  ///< nullptr: gone, though the last poll's answer still holds the socket
};

Watch::Watch(Reactor& reactor, Watcher& watcher, os::Descriptor descriptor)
    : reactor_(&reactor), watcher_(watcher), socket_(Entry::make(*this, descriptor)) {}

Watch::Watch(Watch& other, Watcher& watcher)
    : reactor_(other.reactor_),
      watcher_(watcher),
      socket_(other.socket_),
      interest_(std::exchange(other.interest_, {})) {
  entry().watch = this;
}

Watch::~Watch() {
  close();
  if (entry().watch == this) entry().watch = nullptr;
}

Watch::Entry& Watch::entry() const noexcept {
  return *static_cast<Entry*>(socket_.impl());
}

bool Watch::isOpen() const noexcept {
  return entry().watch == this && descriptor() != os::kNoDescriptor;
}

os::Descriptor Watch::descriptor() const noexcept {
  return socket_.impl()->sockfd();
}

void Watch::want(Interest interest) {
  if (interest == interest_) return;
  CULVERT_ASSERT(isOpen() && reactor_->isCurrent());
  const Interest before = interest_;
  interest_ = interest;
  try {
    enter(before);
  } catch (const std::exception& problem) {
    // The poll set has no room for it (system-wide limit), or there is no memory.
    log.warning("cannot watch a socket: ", problem.what());
    interest_ = before;
    if (interest != Interest{}) {
      watcher_.onWatchFailed(std::make_error_code(std::errc::not_enough_memory));
    }
  }
}

void Watch::enter(Interest before) {
  Poco::Net::PollSet& polled = reactor_->polled();
  if (before == Interest{}) {
    polled.add(socket_, modeOf(interest_));
  } else if (interest_ == Interest{}) {
    polled.remove(socket_);
  } else {
    polled.update(socket_, modeOf(interest_));
  }
}

void Watch::close() noexcept {
  if (!isOpen()) return;
  try {
    want({});
    socket_.close();
  } catch (const std::exception& problem) {
    log.warning("closing a socket: ", problem.what());
  }
}

os::Descriptor Watch::release() {
  want({});
  return entry().take();
}

void Watch::moveTo(Reactor& home) {
  CULVERT_ASSERT(interest_ == Interest{});
  // A new Poco socket: the old reactor's last poll may hold the old one and look at it meanwhile.
  Poco::Net::Socket moved = Entry::make(*this, release());
  entry().watch = nullptr;
  socket_ = moved;
  reactor_ = &home;
}

void Watch::tell(const Poco::Net::Socket& socket, int found) noexcept {
  Watch* const watch = static_cast<const Entry*>(socket.impl())->watch;
  if (watch) watch->guarded([&] { watch->onFound(found); });
}

void Watch::read() noexcept {
  guarded([this] { watcher_.onReadable(); });
}

template <class Call>
void Watch::guarded(Call call) noexcept {
  Watcher& watcher = watcher_;
  try {
    call();
  } catch (const std::bad_alloc&) {
    watcher.onWatchFailed(std::make_error_code(std::errc::not_enough_memory));
  } catch (const std::exception& problem) {
    log.error("unexpected: ", problem.what());
    watcher.onWatchFailed(Errc::Aborted);
  }
}

void Watch::onFound(int found) {
  using Poco::Net::PollSet;
  if ((found & PollSet::POLL_READ) && interest_.read) watcher_.onReadable();
  if ((found & PollSet::POLL_WRITE) && interest_.write) watcher_.onWritable();
  if ((found & PollSet::POLL_ERROR) && interest_.errors) watcher_.onReadable();
}

}  // namespace culvert

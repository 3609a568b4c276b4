#include "net/Watch.h"

#include "base/Assert.h"
#include "base/Errc.h"
#include "base/Log.h"
#include "net/Reactor.h"

#include <Poco/NObserver.h>
#include <Poco/Net/StreamSocketImpl.h>

#include <exception>
#include <new>

namespace culvert {
namespace {

constexpr Log log{"net"};

/// A Poco socket around a descriptor that can be taken out again.
class DescriptorImpl final : public Poco::Net::StreamSocketImpl {
 public:
  explicit DescriptorImpl(os::Descriptor descriptor) : StreamSocketImpl(descriptor) {}
  os::Descriptor take() {
    const os::Descriptor descriptor = sockfd();
    reset();
    return descriptor;
  }
};

class DescriptorSocket final : public Poco::Net::Socket {
 public:
  explicit DescriptorSocket(os::Descriptor descriptor) : Socket(new DescriptorImpl(descriptor)) {}
};

}  // namespace

Watch::Watch(Reactor& reactor, Watcher& watcher, os::Descriptor descriptor)
    : reactor_(&reactor), watcher_(watcher), socket_(DescriptorSocket(descriptor)) {}

bool Watch::isOpen() const noexcept {
  return descriptor() != os::kNoDescriptor;
}

os::Descriptor Watch::descriptor() const noexcept {
  return socket_.impl()->sockfd();
}

template <class Notification, class Method>
void Watch::change(bool from, bool to, Method method) {
  if (from == to) return;
  const Poco::NObserver<Watch, Notification> observer(*this, method);
  if (to) {
    reactor_->addEventHandler(socket_, observer);
  } else {
    reactor_->removeEventHandler(socket_, observer);
  }
}

void Watch::want(Interest interest) {
  if (interest == interest_) return;
  CULVERT_ASSERT(isOpen() && reactor_->isCurrent());
  const Interest before = interest_;
  interest_ = interest;
  try {
    // What is added comes first: a socket whose last handler goes leaves the poll set and would
    // have to enter it again.
    using namespace Poco::Net;
    const auto both = [&](bool adding) {
      const auto step = [&](bool from, bool to) { return to == adding ? to : from; };
      change<ReadableNotification>(before.read, step(before.read, interest.read), &Watch::onRead);
      change<WritableNotification>(before.write, step(before.write, interest.write),
                                   &Watch::onWrite);
      change<ErrorNotification>(before.errors, step(before.errors, interest.errors),
                                &Watch::onError);
    };
    both(true);
    both(false);
  } catch (const std::exception& problem) {
    // The poll set has no room for it (system-wide limit), or there is no memory.
    log.warning("cannot watch a socket: ", problem.what());
    if (interest != Interest{}) {
      watcher_.onWatchFailed(std::make_error_code(std::errc::not_enough_memory));
    }
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
  return static_cast<DescriptorImpl*>(socket_.impl())->take();
}

void Watch::moveTo(Reactor& home) {
  CULVERT_ASSERT(interest_ == Interest{});
  // A new Poco socket: the old reactor's last poll may hold the old one and look at it meanwhile.
  socket_ = DescriptorSocket(release());
  reactor_ = &home;
}

template <class Call>
void Watch::guarded(Call call) noexcept {
  try {
    call();
  } catch (const std::bad_alloc&) {
    watcher_.onWatchFailed(std::make_error_code(std::errc::not_enough_memory));
  } catch (const std::exception& problem) {
    log.error("unexpected: ", problem.what());
    watcher_.onWatchFailed(Errc::Aborted);
  }
}

void Watch::onRead(const Poco::AutoPtr<Poco::Net::ReadableNotification>&) {
  guarded([this] { watcher_.onReadable(); });
}

void Watch::onWrite(const Poco::AutoPtr<Poco::Net::WritableNotification>&) {
  guarded([this] { watcher_.onWritable(); });
}

void Watch::onError(const Poco::AutoPtr<Poco::Net::ErrorNotification>&) {
  guarded([this] { watcher_.onReadable(); });
}

}  // namespace culvert

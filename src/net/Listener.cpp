#include "net/Listener.h"

#include "base/Assert.h"
#include "base/Log.h"
#include "net/Reactor.h"
#include "net/SocketStream.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace culvert {
namespace {

constexpr Log log{"net"};
constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;
constexpr std::chrono::milliseconds kLookAgain{500};
constexpr std::chrono::seconds kLogPause{10};

[[noreturn]] void fail(std::error_code error, const ListenOptions& options, const Ip& address) {
  const std::string where = options.addresses.empty() ? "*:" + std::to_string(options.port)
                                                      : toString(Endpoint{address, options.port});
  throw std::system_error(error, std::string("cannot listen on ") +
                                     std::string(toString(options.network)) + " " + where);
}

/// True at most once in kLogPause for the whole process.
bool mayLog(Clock::time_point now) {
  static std::atomic<Clock::duration> next{Clock::duration::min()};
  Clock::duration due = next.load(std::memory_order_relaxed);
  const Clock::duration time = now.time_since_epoch();
  return time >= due && next.compare_exchange_strong(due, time + kLogPause);
}

void reset(os::Descriptor socket) noexcept {
  os::setClosing(socket, os::Closing::Reset);
  os::close(socket);
}

os::Descriptor openSpare() {
  const Result<os::Descriptor> spare = os::openUdp(os::Family::V4);
  if (spare) return *spare;
  const Result<os::Descriptor> other = os::openUdp(os::Family::V6);
  return other ? *other : os::kNoDescriptor;
}

SocketStream::Role roleOf(const ListenOptions& options) noexcept {
  return options.strangers ? SocketStream::Role::Stranger : SocketStream::Role::Known;
}

os::Descriptor openListening(const ListenOptions& options) {
  os::Family family = os::Family::V4;
  const os::Descriptor socket = bindListening(options, &os::openTcp, family);
  SocketStream::setUp(socket, roleOf(options));
  if (const std::error_code error = os::listenOn(socket, kBacklog)) {
    os::close(socket);
    fail(error, options, options.addresses.empty() ? Ip() : options.addresses.front());
  }
  return socket;
}

}  // namespace

os::Descriptor bindListening(const ListenOptions& options,
                             Result<os::Descriptor> (*open)(os::Family family),
                             os::Family& family) {
  const bool all = options.addresses.empty();
  std::error_code error;
  const Ip tries[] = {all ? Ip::any6() : options.addresses.front(), Ip::any4()};
  for (const Ip& address : tries) {
    family = os::familyOf(address);
    const Result<os::Descriptor> socket = open(family);
    error = socket.error();
    if (socket) {
      if (options.network == Network::Tcp) os::allowRebind(*socket);
      error = os::bindTo(*socket, {address, options.port},
                         all ? os::Scope::BothFamilies : os::Scope::OneFamily);
      if (!error) return *socket;
      os::close(*socket);
    }
    if (!all || !os::isFamilyMissing(error)) break;
  }
  fail(error, options, tries[0]);
}

Listener::Listener(Reactor& reactor, const ListenOptions& options, AcceptHandler& handler,
                   Connections& connections)
    : reactor_(reactor),
      handler_(&handler),
      connections_(connections),
      kind_(options.strangers ? Connections::Kind::Reserved : Connections::Kind::Visitor),
      spare_(openSpare()),
      watch_(reactor, *this, openListening(options)),
      local_(os::localOf(watch_.descriptor())) {
  CULVERT_ASSERT(reactor.isCurrent());
  watch_.want({.read = true});
}

Listener::~Listener() {
  os::close(spare_);
}

void Listener::onReadable() {
  for (int left = kAcceptsPerTurn; left > 0; --left) {
    if (!connections_.hasRoom(kind_)) return suspend();
    const Result<os::Accepted> accepted = os::accept(watch_.descriptor());
    if (accepted) {
      welcome(*accepted);
    } else if (os::isBlocked(accepted.error())) {
      return;
    } else if (os::isExhausted(accepted.error())) {
      return suspend();
    }
    // Anything else is the end of that one connection before we had it.
  }
}

void Listener::welcome(const os::Accepted& accepted) {
  const bool isVisitor = kind_ == Connections::Kind::Visitor;
  Connections::Slot slot =
      isVisitor ? connections_.takeVisitor(accepted.source.ip) : connections_.take(kind_);
  if (!slot) return reset(accepted.socket);
  const Endpoint local = local_.ip.isAny() ? os::localOf(accepted.socket) : local_;
  auto stream = std::make_unique<SocketStream>(
      reactor_, accepted.socket, std::move(slot),
      isVisitor ? SocketStream::Role::Known : SocketStream::Role::Stranger);
  handler_->onAccepted(std::move(stream), accepted.source, local);
}

void Listener::onWatchFailed(std::error_code) noexcept {
  suspend();
}

void Listener::suspend() {
  watch_.want({});
  resetNext_ = false;
  reactor_.arm(lookAgain_, kLookAgain);
  if (mayLog(Clock::now())) {
    log.warning("no room for more connections on ", local_, ": ", connections_.total(), " of ",
                connections_.limit(), " in use; new ones are reset until some end");
  }
}

void Listener::lookAgain() {
  if (connections_.hasRoomAgain(kind_) && hasDescriptors()) {
    watch_.want({.read = true});
    return;
  }
  if (std::exchange(resetNext_, !resetNext_)) resetWaiting();
  reactor_.arm(lookAgain_, kLookAgain);
}

bool Listener::hasDescriptors() {
  // One descriptor beyond the spare one must be there.
  const os::Descriptor another = openSpare();
  if (another == os::kNoDescriptor) return false;
  if (spare_ == os::kNoDescriptor) {
    spare_ = another;
  } else {
    os::close(another);
  }
  return true;
}

void Listener::resetWaiting() {
  os::close(std::exchange(spare_, os::kNoDescriptor));
  for (int left = kBacklog; left > 0; --left) {
    const Result<os::Accepted> accepted = os::accept(watch_.descriptor());
    if (accepted) {
      reset(accepted->socket);
    } else if (os::isBlocked(accepted.error()) || os::isExhausted(accepted.error())) {
      break;
    }
  }
  spare_ = openSpare();
}

}  // namespace culvert

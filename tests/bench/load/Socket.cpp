#include "bench/load/Socket.h"

#include <algorithm>
#include <cerrno>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>

namespace culvert::load {
namespace {

constexpr int kBacklog = 4096;
constexpr std::uint32_t kFirstSource = 0x7f000101;  // 127.0.1.1
constexpr std::uint32_t kSources = 254;
constexpr rlim_t kDescriptors = 100'000;

[[noreturn]] void fail(std::string_view what, const Address& address) {
  throw std::system_error(errno, std::system_category(), std::string(what) + " " + address.text());
}

void setOption(int socket, int level, int name, int value, const Address& address) {
  if (::setsockopt(socket, level, name, &value, sizeof value) != 0) fail("setsockopt for", address);
}

Transfer outcome(ssize_t moved) {
  if (moved > 0) return {Transfer::Outcome::Moved, static_cast<std::size_t>(moved)};
  if (moved == 0) return {Transfer::Outcome::Ended};
  if (errno == EAGAIN || errno == EINTR) return {Transfer::Outcome::Blocked};
  return {Transfer::Outcome::Broken, 0, errno};
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

std::string Transfer::reason() const {
  return outcome == Outcome::Broken ? std::system_category().message(error) : "closed by the peer";
}

Transfer receive(int socket, MutableBytes into) {
  return outcome(::recv(socket, into.data(), into.size(), 0));
}

Transfer discard(int socket, std::size_t most) {
  // The kernel writes nothing there, but a sanitizer believes it does.
  alignas(4096) static std::byte untouched[kDiscardBytes];
  return outcome(::recv(socket, untouched, std::min(most, sizeof untouched), MSG_TRUNC));
}

Transfer transmit(int socket, Bytes bytes) {
  return outcome(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void Readiness::note(std::uint32_t events) noexcept {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hungUp = true;
  if (events & EPOLLIN || hungUp) readable = true;
  if (events & EPOLLOUT) writable = true;
}

void Readiness::received(const Transfer& transfer, std::size_t asked) noexcept {
  if (transfer.outcome == Transfer::Outcome::Blocked || (transfer.bytes < asked && !hungUp))
    readable = false;
}

void Readiness::transmitted(const Transfer& transfer, std::size_t asked) noexcept {
  if (transfer.bytes < asked) writable = false;
}

int takeError(int socket) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

std::uint64_t unacknowledgedBytes(int socket) noexcept {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes)
                                                             : 0;
}

void finish(int socket) noexcept {
  ::shutdown(socket, SHUT_WR);
}

Descriptor listenAt(const Address& address) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket for", address);
  setOption(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1, address);
  setOption(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1, address);  // accepted sockets inherit it
  if (::bind(socket.get(), generic(address.raw()), sizeof address.raw()) != 0)
    fail("bind to", address);
  if (::listen(socket.get(), kBacklog) != 0) fail("listen at", address);
  return socket;
}

Address localAddress(int socket) {
  sockaddr_in raw{};
  socklen_t size = sizeof raw;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&raw), &size);
  return Address(raw);
}

Descriptor acceptFrom(int listener) {
  for (;;) {
    Descriptor socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket || errno == EAGAIN) return socket;
    if (errno != ECONNABORTED && errno != EINTR) fail("accept at", localAddress(listener));
  }
}

void raiseDescriptorLimit() noexcept {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit wanted{std::max(limit.rlim_cur, kDescriptors),
                      std::max(limit.rlim_max, kDescriptors)};
  if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return;  // needs a privilege
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Dialer::Call Dialer::dial() {
  Call call{Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))};
  const int socket = call.socket.get();
  if (!call.socket) fail("socket for", to_);
  setOption(socket, IPPROTO_TCP, TCP_NODELAY, 1, to_);
  if (receiveBufferBytes_) setOption(socket, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes_, to_);
  if (spread_ == SourceSpread::On) {
    const Address source(kFirstSource + turn_++ % kSources, 0);
    // The port is chosen at connect, where the destination counts too.
    setOption(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, to_);
    if (::bind(socket, generic(source.raw()), sizeof source.raw()) != 0) fail("bind to", source);
  }
  if (::connect(socket, generic(to_.raw()), sizeof to_.raw()) != 0 && errno != EINPROGRESS)
    call.error = errno;
  return call;
}

std::string complaint(std::string_view what, const Address& address, int error) {
  return std::string(what) + " " + address.text() + ": " + std::system_category().message(error);
}

}  // namespace culvert::load

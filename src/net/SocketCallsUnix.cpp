#include "net/SocketAddress.h"
#include "net/SocketCalls.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace culvert::os {
namespace {

constexpr std::size_t kMostPieces = 64;

std::error_code lastError() noexcept {
  return errorOf(errno);
}

void setInt(Descriptor socket, int level, int name, int value) noexcept {
  // What an older kernel does not know is done without.
  (void)::setsockopt(socket, level, name, &value, sizeof value);
}

template <class Call>
auto retried(Call call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

Result<Descriptor> open(Family family, int type) {
  const int domain = family == Family::V4 ? AF_INET : AF_INET6;
  const Descriptor socket = ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return lastError();
  return socket;
}

int domainOf(Descriptor socket) noexcept {
  int domain = 0;
  socklen_t size = sizeof domain;
  (void)::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  return domain;
}

}  // namespace

RawAddress toRaw(const Endpoint& endpoint, Form form) noexcept {
  RawAddress raw;
  const Bytes bytes = endpoint.ip.bytes();
  if (endpoint.ip.isV4() && form == Form::Own) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, bytes.data(), 4);
    std::memcpy(&raw.storage, &v4, sizeof v4);
    raw.size = sizeof v4;
    return raw;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  v6.sin6_scope_id = endpoint.ip.zone();
  if (endpoint.ip.isV4()) {
    v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xFF;
    std::memcpy(v6.sin6_addr.s6_addr + 12, bytes.data(), 4);
  } else {
    std::memcpy(&v6.sin6_addr, bytes.data(), 16);
  }
  std::memcpy(&raw.storage, &v6, sizeof v6);
  raw.size = sizeof v6;
  return raw;
}

Endpoint fromRaw(const RawAddress& raw) noexcept {
  if (raw.storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &raw.storage, sizeof v4);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4.sin_addr);
    return {Ip::fromBytes({bytes, 4}), ntohs(v4.sin_port)};
  }
  if (raw.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &raw.storage, sizeof v6);
    const bool local = IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr);
    return {Ip::fromBytes({v6.sin6_addr.s6_addr, 16}, local ? v6.sin6_scope_id : 0),
            ntohs(v6.sin6_port)};
  }
  return {};
}

Form formOf(poco_socket_t socket) noexcept {
  return domainOf(socket) == AF_INET6 ? Form::Mapped : Form::Own;
}

std::error_code errorOf(int systemError) noexcept {
  if (systemError == 0) return {};
  if (systemError == ECONNRESET || systemError == EPIPE) return Errc::Reset;
  return {systemError, std::system_category()};
}

bool isExhausted(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system || error == std::errc::no_buffer_space ||
         error == std::errc::not_enough_memory;
}

bool isBlocked(std::error_code error) noexcept {
  return error == std::errc::resource_unavailable_try_again ||
         error == std::errc::operation_would_block;
}

bool isFamilyMissing(std::error_code error) noexcept {
  return error == std::errc::address_family_not_supported ||
         error == std::errc::address_not_available || error == std::errc::protocol_not_supported;
}

Result<Descriptor> openTcp(Family family) {
  return open(family, SOCK_STREAM);
}
Result<Descriptor> openUdp(Family family) {
  return open(family, SOCK_DGRAM);
}

void close(Descriptor socket) noexcept {
  if (socket != kNoDescriptor) ::close(socket);
}

void allowRebind(Descriptor socket) noexcept {
  setInt(socket, SOL_SOCKET, SO_REUSEADDR, 1);
}

std::error_code bindTo(Descriptor socket, const Endpoint& local, Scope scope) {
  if (!local.ip.isV4()) {
    setInt(socket, IPPROTO_IPV6, IPV6_V6ONLY, scope == Scope::OneFamily ? 1 : 0);
  }
  const RawAddress raw = toRaw(local);
  if (::bind(socket, raw.get(), raw.size) != 0) return lastError();
  return {};
}

std::error_code bindForDial(Descriptor socket, const Ip& from) {
  setInt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  return bindTo(socket, {from, 0}, Scope::OneFamily);
}

std::error_code listenOn(Descriptor socket, int backlog) {
  if (::listen(socket, backlog) != 0) return lastError();
  return {};
}

std::error_code connectTo(Descriptor socket, const Endpoint& remote) {
  const RawAddress raw = toRaw(remote);
  if (retried([&] { return ::connect(socket, raw.get(), raw.size); }) == 0 ||
      errno == EINPROGRESS) {
    return {};
  }
  return lastError();
}

std::error_code pendingError(Descriptor socket) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return lastError();
  return errorOf(error);
}

Endpoint localOf(Descriptor socket) {
  RawAddress raw;
  if (::getsockname(socket, raw.get(), &raw.size) != 0) return {};
  return fromRaw(raw);
}

Endpoint remoteOf(Descriptor socket) {
  RawAddress raw;
  if (::getpeername(socket, raw.get(), &raw.size) != 0) return {};
  return fromRaw(raw);
}

Result<Accepted> accept(Descriptor listener) {
  RawAddress raw;
  const Descriptor socket = retried(
      [&] { return ::accept4(listener, raw.get(), &raw.size, SOCK_NONBLOCK | SOCK_CLOEXEC); });
  if (socket < 0) return lastError();
  return Accepted{socket, fromRaw(raw)};
}

Io receive(Descriptor socket, MutableBytes space) noexcept {
  const ssize_t count =
      retried([&] { return ::recv(socket, space.data(), space.size(), MSG_DONTWAIT); });
  if (count > 0) return {Io::Kind::Done, static_cast<std::size_t>(count)};
  if (count == 0) return {Io::Kind::End};
  const std::error_code error = lastError();
  return {isBlocked(error) ? Io::Kind::Blocked : Io::Kind::Failed, 0, error};
}

Io send(Descriptor socket, Pieces pieces) noexcept {
  std::array<iovec, kMostPieces> vectors;
  std::size_t used = 0;
  for (const Bytes piece : pieces) {
    if (piece.empty()) continue;
    if (used == vectors.size()) break;
    vectors[used++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
  }
  if (used == 0) return {Io::Kind::Done};
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = used;
  const ssize_t count =
      retried([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
  if (count >= 0) return {Io::Kind::Done, static_cast<std::size_t>(count)};
  const std::error_code error = lastError();
  return {isBlocked(error) ? Io::Kind::Blocked : Io::Kind::Failed, 0, error};
}

void discard(Descriptor socket, std::size_t most) noexcept {
  // MSG_TRUNC on TCP: the bytes are dropped in the kernel.
  constexpr std::size_t kStep = 1024 * 1024;
  for (std::size_t done = 0; done < most;) {
    const ssize_t count = retried([&] {
      return ::recv(socket, nullptr, std::min(kStep, most - done), MSG_TRUNC | MSG_DONTWAIT);
    });
    if (count <= 0) return;
    done += static_cast<std::size_t>(count);
  }
}

std::error_code shutdownSend(Descriptor socket) noexcept {
  if (::shutdown(socket, SHUT_WR) == 0) return {};
  // Not connected any more: the peer has reset it.
  return errno == ENOTCONN ? make_error_code(Errc::Reset) : lastError();
}

void setClosing(Descriptor socket, Closing closing) noexcept {
  const linger value{closing == Closing::Reset ? 1 : 0, 0};
  (void)::setsockopt(socket, SOL_SOCKET, SO_LINGER, &value, sizeof value);
}

void setNoDelay(Descriptor socket) noexcept {
  setInt(socket, IPPROTO_TCP, TCP_NODELAY, 1);
}

void setUnsentMark(Descriptor socket, int bytes) noexcept {
  setInt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, bytes);
}

void setKeepAlive(Descriptor socket) noexcept {
  setInt(socket, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  setInt(socket, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  setInt(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  setInt(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
}

std::size_t unacknowledged(Descriptor socket) noexcept {
  int bytes = 0;
  if (::ioctl(socket, SIOCOUTQ, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

bool hasFailed(Descriptor socket) noexcept {
  // An error that waits to be read.  The state alone would not do: two clean ends close it as well.
  pollfd asked{socket, 0, 0};
  return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLERR) != 0;
}

std::optional<TcpHealth> tcpHealth(Descriptor socket) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return TcpHealth{info.tcpi_unacked > 0, std::chrono::milliseconds(info.tcpi_last_ack_recv),
                   info.tcpi_probes};
}

}  // namespace culvert::os

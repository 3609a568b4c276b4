#include "net/SocketAddress.h"
#include "net/SocketCalls.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace culvert::os {
namespace {

constexpr int kBufferBytes = 1024 * 1024;
constexpr std::size_t kMostPieces = 64;

void enable(Descriptor socket, int level, int name) noexcept {
  const int on = 1;
  (void)::setsockopt(socket, level, name, &on, sizeof on);
}

void enlarge(Descriptor socket, int forced, int plain) noexcept {
  // Beyond the system's ceiling where we may, else up to it.
  if (::setsockopt(socket, SOL_SOCKET, forced, &kBufferBytes, sizeof kBufferBytes) != 0) {
    (void)::setsockopt(socket, SOL_SOCKET, plain, &kBufferBytes, sizeof kBufferBytes);
  }
}

Io failed() noexcept {
  const std::error_code error = errorOf(errno);
  return {isBlocked(error) ? Io::Kind::Blocked : Io::Kind::Failed, 0, error};
}

/// The local address in the control messages of a received datagram.
Ip localIn(msghdr& message) noexcept {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      return Ip::fromBytes({reinterpret_cast<const std::uint8_t*>(&info.ipi_addr), 4});
    }
    if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      const bool local = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr);
      return Ip::fromBytes({info.ipi6_addr.s6_addr, 16}, local ? info.ipi6_ifindex : 0);
    }
  }
  return {};
}

/// Asks for `from` as the source of an outgoing datagram; `space` is the control buffer of
/// `message`.
void sendFrom(msghdr& message, MutableBytes space, const Ip& from, Form form) noexcept {
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  cmsghdr* const control = CMSG_FIRSTHDR(&message);
  if (form == Form::Own) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, from.bytes().data(), 4);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(control), &info, sizeof info);
    message.msg_controllen = CMSG_SPACE(sizeof info);
    return;
  }
  in6_pktinfo info{};
  if (from.isV4()) {
    info.ipi6_addr.s6_addr[10] = info.ipi6_addr.s6_addr[11] = 0xFF;
    std::memcpy(info.ipi6_addr.s6_addr + 12, from.bytes().data(), 4);
  } else {
    std::memcpy(&info.ipi6_addr, from.bytes().data(), 16);
    info.ipi6_ifindex = from.zone();
  }
  control->cmsg_level = IPPROTO_IPV6;
  control->cmsg_type = IPV6_PKTINFO;
  control->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(control), &info, sizeof info);
  message.msg_controllen = CMSG_SPACE(sizeof info);
}

}  // namespace

void prepareUdpListener(Descriptor socket, Family family) noexcept {
  if (family == Family::V4) {
    enable(socket, IPPROTO_IP, IP_PKTINFO);
  } else {
    enable(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO);
  }
  enlarge(socket, SO_RCVBUFFORCE, SO_RCVBUF);
  enlarge(socket, SO_SNDBUFFORCE, SO_SNDBUF);
}

Datagram receiveFrom(Descriptor socket, MutableBytes space) noexcept {
  RawAddress source;
  iovec vector{space.data(), space.size()};
  alignas(cmsghdr) std::array<std::uint8_t, 128> control;
  msghdr message{};
  message.msg_name = source.get();
  message.msg_namelen = source.size;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket, &message, MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return {failed(), {}, {}};
  return {{Io::Kind::Done, static_cast<std::size_t>(count)}, fromRaw(source), localIn(message)};
}

Io sendTo(Descriptor socket, Family family, Pieces pieces, const Endpoint& to,
          const Ip* from) noexcept {
  std::array<iovec, kMostPieces> vectors;
  std::size_t used = 0;
  for (const Bytes piece : pieces) {
    if (used == vectors.size()) return {Io::Kind::Failed, 0, errorOf(EMSGSIZE)};
    vectors[used++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
  }
  const Form form = family == Family::V4 ? Form::Own : Form::Mapped;
  RawAddress address = toRaw(to, form);
  alignas(cmsghdr) std::array<std::uint8_t, 64> control{};
  msghdr message{};
  message.msg_name = address.get();
  message.msg_namelen = address.size;
  message.msg_iov = vectors.data();
  message.msg_iovlen = used;
  if (from && !from->isAny()) sendFrom(message, control, *from, form);
  ssize_t count = 0;
  do {
    count = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return failed();
  return {Io::Kind::Done, static_cast<std::size_t>(count)};
}

std::error_code checkRoute(Descriptor socket, const Endpoint& to) noexcept {
  const RawAddress raw = toRaw(to, formOf(socket));
  const std::error_code error =
      ::connect(socket, raw.get(), raw.size) == 0 ? std::error_code() : errorOf(errno);
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  (void)::connect(socket, &none, sizeof none);
  return error;
}

}  // namespace culvert::os

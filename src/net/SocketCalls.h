// The operating system's socket calls as the classes of this folder need them: non-blocking,
// close-on-exec, with error codes instead of errno or exceptions.  Implemented in
// SocketCallsUnix.cpp and DatagramCallsUnix.cpp.
#pragma once

#include "base/Bytes.h"
#include "base/Destination.h"
#include "base/Result.h"

#include <Poco/Net/SocketAddress.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <system_error>

namespace culvert::os {

using Descriptor = poco_socket_t;
constexpr Descriptor kNoDescriptor = POCO_INVALID_SOCKET;

enum class Family { V4, V6 };
inline Family familyOf(const Ip& ip) noexcept {
  return ip.isV4() ? Family::V4 : Family::V6;
}

/// How a receive or send went.
struct Io {
  enum class Kind { Done, End, Blocked, Failed } kind;
  std::size_t bytes = 0;
  std::error_code error = {};
};

/// A code of the system's, except that a reset (ECONNRESET, EPIPE) is Errc::Reset.
std::error_code errorOf(int systemError) noexcept;
/// No descriptor, or no kernel memory for one, is free now.
bool isExhausted(std::error_code error) noexcept;
/// Nothing more can be done now without waiting.
bool isBlocked(std::error_code error) noexcept;
/// The system cannot use this family or has no such local address.
bool isFamilyMissing(std::error_code error) noexcept;

Result<Descriptor> openTcp(Family family);
Result<Descriptor> openUdp(Family family);
void close(Descriptor socket) noexcept;

/// Lets a listening port be bound again while old connections of it linger.
void allowRebind(Descriptor socket) noexcept;
enum class Scope { OneFamily, BothFamilies };  ///< whether an IPv6 socket also takes IPv4
std::error_code bindTo(Descriptor socket, const Endpoint& local, Scope scope);
/// For a dial from a chosen address: the port is chosen when connecting.
std::error_code bindForDial(Descriptor socket, const Ip& from);
std::error_code listenOn(Descriptor socket, int backlog);
/// `socket` is of the family of `remote`.  In progress counts as success: wait until the socket is
/// writable, then ask pendingError().
std::error_code connectTo(Descriptor socket, const Endpoint& remote);
/// Takes the socket's stored error.
std::error_code pendingError(Descriptor socket) noexcept;
Endpoint localOf(Descriptor socket);
Endpoint remoteOf(Descriptor socket);

struct Accepted {
  Descriptor socket = kNoDescriptor;
  Endpoint source;
};
Result<Accepted> accept(Descriptor listener);

Io receive(Descriptor socket, MutableBytes space) noexcept;
/// May take a part.
Io send(Descriptor socket, Pieces pieces) noexcept;
/// Throws away what has been received, at most about `most` bytes.
void discard(Descriptor socket, std::size_t most) noexcept;
std::error_code shutdownSend(Descriptor socket) noexcept;

/// What close() and the end of the process do to the connection.
enum class Closing { Reset, Fin };
void setClosing(Descriptor socket, Closing closing) noexcept;
void setNoDelay(Descriptor socket) noexcept;
/// The kernel takes bytes only while fewer than this wait unsent (TCP_NOTSENT_LOWAT).
void setUnsentMark(Descriptor socket, int bytes) noexcept;
/// TCP keep-alive: first probe after 10 s, then every 5 s, three in all.
void setKeepAlive(Descriptor socket) noexcept;

/// Bytes handed to the kernel that the peer has not acknowledged.
std::size_t unacknowledged(Descriptor socket) noexcept;
struct TcpHealth {
  bool unacknowledged = false;           ///< segments are in flight
  std::chrono::milliseconds sinceAck{};  ///< since the last acknowledgement came
  unsigned unansweredProbes = 0;         ///< of a closed window or of keep-alive
};
/// Whether the connection has failed, by a reset above all, whatever is still to be read; takes
/// nothing away.  Two clean ends are no failure.
bool hasFailed(Descriptor socket) noexcept;
std::optional<TcpHealth> tcpHealth(Descriptor socket) noexcept;

// Datagrams.

/// Asks for the local address of every datagram and for larger buffers.
void prepareUdpListener(Descriptor socket, Family family) noexcept;
struct Datagram {
  Io io;
  Endpoint source;
  Ip local;  ///< the address it was sent to; 0.0.0.0 when the system does not say
};
Datagram receiveFrom(Descriptor socket, MutableBytes space) noexcept;
/// `family` is the socket's; `from` the local address to send from, nullptr leaves it to the
/// system.
Io sendTo(Descriptor socket, Family family, Pieces pieces, const Endpoint& to,
          const Ip* from) noexcept;
/// Whether there is a way to `to` from this socket; leaves it unconnected.
std::error_code checkRoute(Descriptor socket, const Endpoint& to) noexcept;

}  // namespace culvert::os

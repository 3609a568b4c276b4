// Non-blocking TCP sockets, and what is possible on them under edge-triggered polling.
//
// All sockets have TCP_NODELAY.  Functions that move bytes return what happened; the others throw
// std::system_error whose message names the address.
#pragma once

#include "bench/load/Address.h"
#include "bench/load/Descriptor.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace culvert::load {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kDiscardBytes = 1024 * 1024;  // they are not copied, so no cache is too small

struct Transfer {
  enum class Outcome { Moved, Blocked, Ended, Broken };
  Outcome outcome;
  std::size_t bytes = 0;  // with Moved
  int error = 0;          // errno, with Broken

  bool isOver() const noexcept { return outcome == Outcome::Ended || outcome == Outcome::Broken; }
  /// "closed by the peer" or the text of the error.
  std::string reason() const;
};

Transfer receive(int socket, MutableBytes into);
/// Takes up to `most` bytes, kDiscardBytes at a time, off the receive queue without copying them
/// (MSG_TRUNC): what a load that only counts does.
Transfer discard(int socket, std::size_t most);
Transfer transmit(int socket, Bytes bytes);

/// What one socket may try.  A short count means that the kernel has no more, or no room, and a new
/// edge will tell; only the end of the peer's stream may already stand behind the last bytes, so
/// after a hang-up one reads to the end.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool hungUp = false;

  void note(std::uint32_t events) noexcept;
  void received(const Transfer& transfer, std::size_t asked) noexcept;
  void transmitted(const Transfer& transfer, std::size_t asked) noexcept;
};

/// The pending error of a socket, which this clears; 0 if there is none.
int takeError(int socket) noexcept;
/// Bytes written that the peer has not acknowledged.
std::uint64_t unacknowledgedBytes(int socket) noexcept;
/// Ends the stream towards the peer.
void finish(int socket) noexcept;

Descriptor listenAt(const Address& address);
Address localAddress(int socket);
/// The next waiting connection, or an empty one.
Descriptor acceptFrom(int listener);

/// May open as many descriptors as the system lets this process.
void raiseDescriptorLimit() noexcept;

enum class SourceSpread { Off, On };

/// Opens connections to one address.
class Dialer {
 public:
  /// `On` cycles through the source addresses 127.0.1.1 to 127.0.1.254, so that neither a limit per
  /// visitor's address nor the number of local ports binds.  A `receiveBufferBytes` of 0 leaves the
  /// size to the kernel.
  Dialer(const Address& to, SourceSpread spread, int receiveBufferBytes = 0) noexcept
      : to_(to), spread_(spread), receiveBufferBytes_(receiveBufferBytes) {}

  struct Call {
    Descriptor socket;
    int error = 0;  // errno: refused at once
  };
  /// Begins to connect; writable or hung up tells the end of it.
  Call dial();

  const Address& to() const noexcept { return to_; }

 private:
  Address to_;
  SourceSpread spread_;
  int receiveBufferBytes_;
  std::uint32_t turn_ = 0;
};

/// "connect to 127.0.0.1:1: Connection refused".
std::string complaint(std::string_view what, const Address& address, int error);

}  // namespace culvert::load

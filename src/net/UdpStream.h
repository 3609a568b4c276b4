// A UDP socket for one peer, as a packet Stream: what freedom dials.
//
// The socket stays unconnected (a connected one reports ICMP as a bare error, which makes a poll
// loop spin) and drops datagrams from anybody but the peer (REACH-6).  It never ends by itself:
// whoever uses it decides when it has been idle for too long.  end() only promises silence.  While
// paused the kernel's buffer queues.
#pragma once

#include "net/Connections.h"
#include "net/Loop.h"
#include "net/Stream.h"
#include "net/Watch.h"

#include <cstdint>

namespace culvert {

class Reactor;

class UdpStream final : public Stream, private Watcher {
 public:
  /// Takes over the non-blocking datagram `socket`, whose family is the peer's.
  UdpStream(Reactor& reactor, os::Descriptor socket, Connections::Slot slot, const Endpoint& peer);

  using Stream::send;
  Flow send(Pieces pieces) override;
  void end() override { ended_ = true; }
  void abort() override;
  void pause() override;
  void resume() override;
  bool moveTo(Loop& home) override;
  void beLink() override {}
  [[nodiscard]] std::size_t queued() const noexcept override { return 0; }
  /// Datagrams the kernel refused, and those from others than the peer.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  void onReadable() override;
  void onWatchFailed(std::error_code why) noexcept override;
  void later();

  Reactor* reactor_;
  Watch watch_;
  Connections::Slot slot_;
  const Endpoint peer_;
  bool paused_ = true, ended_ = false, closed_ = false;
  std::error_code why_;
  std::uint64_t dropped_ = 0;
  TurnEndOf<UdpStream, &UdpStream::later> later_{*this};
};

}  // namespace culvert

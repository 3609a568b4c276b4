// A UDP port on a reactor, and the flows that come to it.
//
// A flow is one source talking to one of our addresses; each is a packet Stream whose onData() is
// one datagram.  Answers leave from the address the flow came to.  A flow ends with Errc::Idle when
// it has been silent for ListenOptions::udpIdle (udpIdleAnswered once something was sent back),
// with Errc::Overloaded when it makes room for another (LIM-13: 65 536 flows, 256 per source, the
// longest silent goes), with Errc::Stopped when the listener is destroyed.  end() only promises
// silence.  While a flow is paused it keeps 64 datagrams or 128 KiB, the newest.  Flows share the
// listener's socket and cannot move to another loop.
#pragma once

#include "net/DatagramQueue.h"
#include "net/IntrusiveList.h"
#include "net/Sockets.h"
#include "net/UdpSource.h"
#include "net/Watch.h"

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <unordered_map>

namespace culvert {

class Reactor;
class UdpListener;

/// Whose flow: where its datagrams come from and which of our addresses they were sent to.
struct UdpFlowKey {
  Endpoint source;
  Ip local;
  bool operator==(const UdpFlowKey&) const noexcept = default;
};
struct IpHash {
  std::size_t operator()(const Ip& ip) const noexcept;
};
struct UdpFlowHash {
  std::size_t operator()(const UdpFlowKey& key) const noexcept;
};

class UdpFlow final : public Stream {
 public:
  UdpFlow(Loop& loop, const UdpFlowKey& key, Clock::duration idle, Clock::duration idleAnswered);
  ~UdpFlow() override;

  using Stream::send;
  Flow send(Pieces pieces) override;
  void end() override { ended_ = true; }
  void abort() override;
  void pause() override { paused_ = true; }
  void resume() override;
  bool moveTo(Loop& home) override { return &home == &loop_; }
  void beLink() override {}
  [[nodiscard]] std::size_t queued() const noexcept override { return 0; }

 private:
  friend class UdpListener;

  /// A datagram came; returns how many older ones were dropped for it.
  std::size_t deliver(MutableBytes datagram);
  /// It has no place in the listener any more and ends.
  void expire(std::error_code why);
  void later();
  void onDeadline();
  [[nodiscard]] Clock::duration idleTime() const noexcept {
    return answered_ ? idleAnswered_ : idle_;
  }

  Loop& loop_;
  UdpListener* listener_ = nullptr;  ///< while it has a place there
  const UdpFlowKey key_;
  const Clock::duration idle_, idleAnswered_;
  DatagramQueue queue_;
  bool paused_ = true, answered_ = false, ended_ = false;
  std::error_code why_;
  Clock::time_point lastMove_;
  Links<UdpFlow> byAge_, byAgeOfSource_;
  TurnEndOf<UdpFlow, &UdpFlow::later> later_{*this};
  DeadlineOf<UdpFlow, &UdpFlow::onDeadline> deadline_{*this};
};

class UdpListener final : public Listening, private Watcher {
 public:
  static constexpr std::size_t kMostFlows = 65'536, kMostPerSource = 256;

  /// Binds; throws std::system_error with the address in its text.
  UdpListener(Reactor& reactor, const ListenOptions& options, AcceptHandler& handler);
  ~UdpListener() override;

  void setHandler(AcceptHandler& handler) override { handler_ = &handler; }
  [[nodiscard]] Endpoint local() const override { return local_; }
  /// Datagrams that were dropped: for overload, over PORT-7's budget, or refused by the kernel.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
  [[nodiscard]] std::size_t flowCount() const noexcept { return flows_.size(); }

 private:
  friend class UdpFlow;
  struct Source {
    UdpSource budget;
    std::size_t count = 0;
    IntrusiveList<UdpFlow, &UdpFlow::byAgeOfSource_> flows;  ///< longest silent first
  };

  void onReadable() override;
  void onWatchFailed(std::error_code why) noexcept override;

  void receive(MutableBytes datagram, const UdpFlowKey& key);
  void open(Bytes datagram, const UdpFlowKey& key, Source& source);
  void answer(UdpFlow& flow, Pieces pieces);
  void touch(UdpFlow& flow, Source& source) noexcept;
  void forget(UdpFlow& flow) noexcept;
  void dropped(std::size_t count);

  Reactor& reactor_;
  AcceptHandler* handler_;
  const Clock::duration idle_, idleAnswered_;
  os::Family family_ = os::Family::V4;
  Watch watch_;
  Endpoint local_;
  std::unordered_map<UdpFlowKey, UdpFlow*, UdpFlowHash> flows_;
  std::unordered_map<Ip, Source, IpHash> sources_;  ///< by prefix
  IntrusiveList<UdpFlow, &UdpFlow::byAge_> byAge_;  ///< longest silent first
  std::uint64_t dropped_ = 0;
};

}  // namespace culvert

// A visitor's datagram flow at the portal: it outlives the link that carries it (F-UDPMUX).
//
// The first datagram opens a session on the best link; when that link is lost, or silent while
// another one is live, the next datagram opens one on another link.  Until there is a link the
// newest datagrams wait.
#pragma once

#include "net/DatagramQueue.h"
#include "net/Loop.h"
#include "net/Relay.h"
#include "net/Stream.h"
#include "reverse/PortalCore.h"
#include "reverse/TunnelPool.h"
#include "reverse/Visitor.h"

#include <chrono>
#include <memory>
#include <vector>

namespace culvert::reverse {

class UdpFlow final : public Root {
 public:
  static constexpr std::chrono::milliseconds kRetry{250};
  static constexpr std::chrono::seconds kWaitForLink{10};

  UdpFlow(std::shared_ptr<PortalCore> core, Loop& loop, Visitor visitor);
  ~UdpFlow() override;

  void start();
  void stop(std::error_code why) override { finish(why); }
  const void* owner() const noexcept override { return options_.owner; }

 private:
  class Half final : public Receiver {
   public:
    Half(UdpFlow& flow, bool isVisitor) noexcept : flow_(flow), isVisitor_(isVisitor) {}
    void onData(MutableBytes datagram) override;
    void onEnd() override {}
    void onRoom() override {}
    void onClosed(std::error_code why) override;

   private:
    UdpFlow& flow_;
    const bool isVisitor_;
  };

  void fromVisitor(MutableBytes datagram);
  void fromTarget(MutableBytes datagram);
  void sessionOver(std::error_code why);
  bool ensureSession();
  StreamPtr ferryTo(const TunnelPtr& tunnel);
  void dropSession();
  void sendWaiting();
  void dropFormer() { former_.clear(); }
  void onRetry();
  void onIdle();
  void finish(std::error_code why);

  const std::shared_ptr<PortalCore> core_;
  Loop& loop_;
  const proxy::Session session_;
  const RelayOptions options_;
  proxy::FlowRecordPtr record_;
  StreamPtr visitor_;
  StreamPtr link_;                 ///< the session, or a ferry to it
  std::vector<StreamPtr> former_;  ///< sessions given up; die when nothing of them is on the stack
  TunnelPtr tunnel_;
  bool isFerried_ = false, isOver_ = false;
  DatagramQueue waiting_;
  Clock::time_point waitingSince_{}, lastMove_{};
  RelayResult result_{};

  Half visitorHalf_{*this, true}, linkHalf_{*this, false};
  TurnEndOf<UdpFlow, &UdpFlow::dropFormer> dropFormer_{*this};
  DeadlineOf<UdpFlow, &UdpFlow::onRetry> retry_{*this};
  DeadlineOf<UdpFlow, &UdpFlow::onIdle> idle_{*this};
};

}  // namespace culvert::reverse

// One link at the bridge's end: the mux server on a dialled flow.
//
// It is up when the portal's first frame has come, which only the portal can make; it failed when
// that takes more than 8 s in all.  Features are answered before anything else is said.
#pragma once

#include "mux/MuxServer.h"
#include "reverse/BridgeCore.h"
#include "reverse/Nonces.h"

#include <chrono>
#include <cstdint>
#include <memory>

namespace culvert::reverse {

class BridgeLink final : public Root, private mux::ServerHandler {
 public:
  static constexpr std::chrono::seconds kAnswerTime{8}, kEmptyTime{2};
  static constexpr std::size_t kMostSessions = 32'768;  ///< of one portal, all links (LIM-7)

  BridgeLink(std::shared_ptr<BridgeCore> core, BridgeTunnelPtr tunnel);
  ~BridgeLink() override;

  /// Dials: dispatches the other end of the link.
  void start();
  /// Asks a Culvert portal to place nothing more here.
  void drain();
  /// Ends a link without sessions.
  void finish() { server_->finish(); }

  void stop(std::error_code why) override { server_->close(why); }
  const void* owner() const noexcept override { return core_->inbound->owner; }

 private:
  // mux::ServerHandler
  void onFirstFrame() override;
  void onHealth(mux::Health health) override;
  void onControl(Bytes message) override;
  void onLoad() override;
  void onLinkClosed(std::error_code why) override;
  bool isControl(const Destination& target) override;
  void onSession(const Destination& target, StreamPtr stream, Bytes metadata) override;

  void answer(std::uint64_t offered);
  bool publish();
  void onReportLoad();
  void retireIfWorn();
  void onDeadline();
  void advise(const std::string& text);

  const std::shared_ptr<BridgeCore> core_;
  const BridgeTunnelPtr tunnel_;
  Loop& loop_;
  StreamPtr dialled_;  ///< the end that is dispatched by start()
  std::unique_ptr<mux::MuxServer> server_;
  std::uint64_t features_ = 0;
  bool heard_ = false, suspect_ = false, controlSeen_ = false;
  bool retiring_ = false;  ///< told the keeper that another link is wanted
  bool drained_ = false;   ///< drain() was called
  Nonces nonces_;
  DeadlineOf<BridgeLink, &BridgeLink::onDeadline> deadline_{*this};
  TurnEndOf<BridgeLink, &BridgeLink::onReportLoad> reportLoad_{*this};
};

}  // namespace culvert::reverse

// One link at the portal's end: the mux client on a bridge's connection, its control session and
// its age.
//
// The control session opens with the features on offer; a Culvert answers before anything else, so
// when the proofs come back it is known what both sides can do.  A bridge that ends the control
// session does not know its name: the next one is tried, the link stays.  At 24 576 sessions or
// chunks, or when a V2Ray's link is burdened and alone, the bridge is told to open another one
// (DRAIN); the old one serves what runs.
#pragma once

#include "mux/MuxClient.h"
#include "reverse/Control.h"
#include "reverse/Nonces.h"
#include "reverse/PortalCore.h"
#include "reverse/TunnelPool.h"
#include "reverse/Visitor.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace culvert::reverse {

class PortalLink final : public Root, private mux::LinkHandler {
 public:
  static constexpr std::chrono::seconds kBeat{2};
  /// A control session that lives so long is understood: a V2Ray ends one it does not know after a
  /// second.
  static constexpr std::chrono::milliseconds kNameHolds{2500};

  PortalLink(std::shared_ptr<PortalCore> core, TunnelPtr tunnel, Visitor bridge);
  ~PortalLink() override;

  void start();
  /// A session for a visitor; nullptr: the link cannot take one.
  StreamPtr openSession(const proxy::Session& visitor);
  /// Asks the bridge to open another link; `why` is for the log.
  void drain(const char* why);
  /// The same, and nothing new here at all: the link ends with its last session.
  void giveUp(const char* why);
  /// Another process of the same bridge has come: is this one still there?
  void doubt() { client_.doubt(); }

  void stop(std::error_code why) override { client_.close(why); }
  const void* owner() const noexcept override;

 private:
  // mux::LinkHandler
  void onHealth(mux::Health health) override;
  void onControl(Bytes message) override;
  void onControlEnded() override;
  void onLoad() override;
  void onLinkClosed(std::error_code why) override;

  void openControl();
  void sendControl(Control::State state);
  std::string message(Control::State state);
  void onProved();
  void armBeat();
  void onBeat();
  void finishIfDone();

  const std::shared_ptr<PortalCore> core_;
  const TunnelPtr tunnel_;
  const proxy::Session session_;
  const proxy::FlowRecordPtr record_;
  Loop& loop_;
  const std::string who_;  ///< for the log
  mux::MuxClient client_;

  std::size_t name_ = 0, namesTried_ = 0;
  Clock::time_point controlOpened_{};
  bool nameLearned_ = false;
  std::uint64_t features_ = 0;
  bool answered_ = false;        ///< it is a Culvert
  Clock::duration roundTrip_{};  ///< as the pool knows it
  bool proved_ = false;
  bool draining_ = false;  ///< DRAIN was sent
  Nonces nonces_;
  std::error_code lastError_;
  Buffer metadata_;  ///< empty but for its storage between calls
  DeadlineOf<PortalLink, &PortalLink::onBeat> beat_{*this};
};

}  // namespace culvert::reverse

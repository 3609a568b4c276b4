// Keeps a bridge's links: how many there are, when to dial, what the log says about it.  Lives on
// the bridge's first loop; links on other loops report by posts.
//
// Links come in slots, one for each link that is wanted.  A slot dials until its link is up; when
// that is lost, suspect or retiring, the slot dials again at once, and what the old link still
// carries goes on beside it.
#pragma once

#include "reverse/BridgeCore.h"
#include "reverse/Lasting.h"
#include "reverse/RedialPauses.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace culvert::reverse {

class BridgeKeeper final : public Root {
 public:
  static constexpr std::size_t kMostDials = 8;  ///< of one slot at a time
  static constexpr std::size_t kBulkLinks = 4;  ///< so many at most for bulk sessions; on a long
                                                ///< path to a Culvert so many at rest
  static constexpr std::size_t kKeptAtV2Ray =
      8;  ///< a V2Ray portal may be opening a session anywhere
  static constexpr std::chrono::seconds kOverlap{
      1};  ///< a dial that hangs for so long gets company
  /// A crowd that comes at once is placed before another link is up.  Opened for it, the link would
  /// get its last few, each with many times the share of the others; opened later, it is for those
  /// who come then.
  static constexpr std::chrono::milliseconds kAllBulkTime{50};
  static constexpr std::chrono::seconds kCrowdTime{5}, kSurplusTime{60};
  static constexpr std::chrono::seconds kLongTime{3};  ///< of two probes: one may be late by chance

  explicit BridgeKeeper(std::shared_ptr<BridgeCore> core);
  ~BridgeKeeper() override;

  void start();
  void drain();
  void stop(std::error_code why) override;
  const void* owner() const noexcept override { return core_->inbound->owner; }

  void onEvent(const BridgeTunnelPtr& tunnel, const BridgeEvent& event);

 private:
  struct Slot {
    explicit Slot(Clock::time_point now) : pauses(now) {}
    RedialPauses pauses;
    BridgeTunnelPtr link;  ///< up
    Clock::time_point born{};
    std::vector<BridgeTunnelPtr> dials;
    Clock::time_point lastDial{};
    Clock::duration pause{};
    Clock::time_point next{};  ///< when to dial; only while there is no link
  };
  /// A link that is not (or no longer) the one its slot counts on.
  struct Former {
    BridgeTunnelPtr tunnel;
    bool suspect;
  };

  Slot* slotOf(const BridgeTunnelPtr& tunnel);
  Slot* dialerOf(const BridgeTunnelPtr& tunnel);
  void addSlot();
  void dial(Slot& slot);
  void cancel(const BridgeTunnelPtr& tunnel);
  void cancelDials(Slot& slot);

  void onUp(const BridgeTunnelPtr& tunnel);
  void onSuspect(const BridgeTunnelPtr& tunnel);
  void onRecovered(const BridgeTunnelPtr& tunnel);
  void onDraining(const BridgeTunnelPtr& tunnel);
  void onLost(const BridgeTunnelPtr& tunnel, const BridgeEvent& event);
  void replace(Slot& slot, bool suspect);
  void putIn(Slot& slot, const BridgeTunnelPtr& tunnel);

  void check();
  void publish();
  void restartConditions();
  void shrink();
  void watch();
  void onTick();
  void noticeClockStep(Now now);
  void finishIfDone();
  std::string nameOf(const BridgeTunnel& tunnel) const;
  std::string whyNoAnswer(std::error_code why) const;
  double chance();

  const std::shared_ptr<BridgeCore> core_;
  Loop& loop_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Former> former_;
  std::uint64_t nextLink_ = 1;
  std::size_t nextLoop_ = 0;
  bool draining_ = false, stopped_ = false;
  Lasting allBulk_{kAllBulkTime}, crowded_{kCrowdTime}, fewAtRest_{kLongTime},
      surplus_{kSurplusTime};
  std::optional<Clock::time_point> failureTold_;
  std::optional<std::chrono::nanoseconds> clockOffset_;  ///< wall clock less monotonic one
  std::chrono::seconds clockStep_{};                     ///< seen since a link last came up
  DeadlineOf<BridgeKeeper, &BridgeKeeper::onTick> tick_{*this};
};

}  // namespace culvert::reverse

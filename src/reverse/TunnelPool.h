// A portal's links, as all its threads see them.  Thread-safe: one lock per visitor; what a link
// reports about itself is in atomics.
#pragma once

#include "base/Clock.h"
#include "net/Loop.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace culvert::reverse {

class PortalLink;

/// One link, shared between the pool and its owner.
struct Tunnel {
  Tunnel(Loop& itsLoop, std::uint64_t itsId, std::string itsUser)
      : loop(itsLoop), id(itsId), user(std::move(itsUser)) {}

  enum class State : std::uint8_t {
    Unproven,  ///< has not answered its probes: never gets a visitor (RPL-7)
    Live,
    Suspect,  ///< silent: gets no new visitor until it answers
  };

  Loop& loop;
  const std::uint64_t id;      ///< counts from 1, for the log
  const std::string user;      ///< whose it is (Session::userKey)
  PortalLink* link = nullptr;  ///< on `loop`'s thread only; nullptr: gone

  std::atomic<State> state{State::Unproven};
  std::atomic<bool> retiring{false};  ///< replaced soon: only while there is no other
  std::atomic<bool> closing{false};   ///< its bridge wants to be rid of it: nothing new at all
  std::atomic<bool> burdened{false};
  std::atomic<bool> full{false};
  std::atomic<bool> slow{false};         ///< beside the others of its bridge (setRoundTrip)
  std::atomic<bool> ownQueue{false};     ///< it carried sessions then: slow as long as it does
  std::atomic<std::int64_t> heardAt{0};  ///< ticks of Clock
  std::atomic<std::uint32_t> bulk{0}, active{0}, sessions{0};  ///< bulk: settled
  std::atomic<std::uint32_t> coming{0};  ///< visitors on their way to it (TunnelPool::expect)
  std::atomic<std::size_t> queued{0};
  std::atomic<std::int64_t> bulkAt{0};  ///< ticks of Clock, last time; only on a long path
  // Guarded by the pool:
  std::string instance;         ///< of its bridge's process
  Clock::duration roundTrip{};  ///< of the last answered probe
};
using TunnelPtr = std::shared_ptr<Tunnel>;

class TunnelPool {
 public:
  static constexpr std::size_t kMostOpen = 32, kMostInAll = 256;  ///< per user (LIM-6)
  static constexpr std::chrono::seconds kFresh{3};
  static constexpr std::chrono::milliseconds kSlower{25};
  static constexpr std::size_t kQueueStep = 64 * 1024;
  static constexpr std::uint64_t kSessionStep = 16;
  /// A bulk session keeps as many others away, once MuxLink::kSettleTime is over: of a
  /// crowd that comes at once the first to be seen as bulk would send the rest to the other link.
  static constexpr std::uint64_t kBulkWeight = 4;

  /// False: its user has too many.
  bool add(TunnelPtr tunnel);
  void remove(const Tunnel& tunnel);

  /// The link a visitor on `here` gets: one that is neither retiring nor burdened nor slow, heard
  /// from lately, with the fewest active sessions (bulk ones count kBulkWeight), queued bytes and
  /// sessions by kSessionStep; if that is all the same, the one that carried bulk last on a long
  /// path, then with the fewest sessions, then on `here`.  Else a retiring one, else a burdened
  /// one; nullptr: none.
  [[nodiscard]] TunnelPtr pick(const Loop& here, Clock::time_point now) const;
  /// The same for a visitor that is about to be brought to its link's loop: counts it there until
  /// it has arrived(), so that a crowd that comes in one turn is spread.
  [[nodiscard]] TunnelPtr expect(const Loop& here, Clock::time_point now);
  /// One of those on their way to `tunnel` has a session there now.
  static void arrived(Tunnel& tunnel) noexcept;
  /// The same for a visitor that has been brought to `here` for its link: one of this loop unless
  /// those of others are in better order, so that a crowd does not wander from loop to loop after
  /// the counts.
  [[nodiscard]] TunnelPtr pickHere(const Loop& here, Clock::time_point now) const;
  /// Whether a link other than `tunnel` would take visitors as a matter of course.
  [[nodiscard]] bool hasOther(const Tunnel& tunnel) const;
  /// `tunnel` belongs to the process `instance`.  Returns its user's older links of other
  /// processes.
  [[nodiscard]] std::vector<TunnelPtr> setInstance(Tunnel& tunnel, const std::string& instance);
  /// A probe of `tunnel` was answered.  The links of a bridge go the same way: one whose probe took
  /// more than half as long again as the quickest one's, and more than kSlower longer, has a queue
  /// of its own.  TCP may starve a link beside others for minutes, and what it carries then looks
  /// as if it were little.  What it had in front of a probe is gone when its sessions are.
  void setRoundTrip(Tunnel& tunnel, Clock::duration roundTrip);
  [[nodiscard]] std::vector<TunnelPtr> all() const;

 private:
  template <class RankOf>
  [[nodiscard]] TunnelPtr least(RankOf rankOf) const;

  mutable std::mutex mutex_;
  std::vector<TunnelPtr> tunnels_;  ///< guarded by mutex_; oldest first
};

}  // namespace culvert::reverse

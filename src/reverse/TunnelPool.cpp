#include "reverse/TunnelPool.h"

#include <algorithm>
#include <array>
#include <limits>

namespace culvert::reverse {
namespace {

/// The smaller, the better; the first element is the class of data-plane's order.
using Rank = std::array<std::uint64_t, 7>;
constexpr std::uint64_t kUnfit = 9;

struct Load {
  Load(const Tunnel& tunnel, std::uint64_t coming)
      : busy(tunnel.active.load(std::memory_order_relaxed) + coming +
             (TunnelPool::kBulkWeight - 1) * tunnel.bulk.load(std::memory_order_relaxed)),
        queued(tunnel.queued.load(std::memory_order_relaxed) / TunnelPool::kQueueStep),
        sessions(tunnel.sessions.load(std::memory_order_relaxed) + coming),
        sessionSteps(sessions / TunnelPool::kSessionStep),
        cold(std::numeric_limits<std::uint64_t>::max() -
             static_cast<std::uint64_t>(tunnel.bulkAt.load(std::memory_order_relaxed))) {}
  std::uint64_t busy, queued, sessions, sessionSteps, cold;
};

std::uint64_t classOf(const Tunnel& tunnel, Clock::time_point now) {
  if (tunnel.state != Tunnel::State::Live || tunnel.closing || tunnel.full) return kUnfit;
  if (tunnel.burdened) return 3;
  if (tunnel.retiring) return 2;
  const Clock::time_point heard{Clock::duration(tunnel.heardAt.load(std::memory_order_relaxed))};
  const bool slow = tunnel.slow && (tunnel.active > 0 || !tunnel.ownQueue);
  return slow || now - heard > TunnelPool::kFresh ? 1 : 0;
}

}  // namespace

bool TunnelPool::add(TunnelPtr tunnel) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::size_t open = 0, all = 0;
  for (const TunnelPtr& other : tunnels_) {
    if (other->user != tunnel->user) continue;
    ++all;
    if (!other->retiring && !other->closing) ++open;
  }
  if (open >= kMostOpen || all >= kMostInAll) return false;
  tunnels_.push_back(std::move(tunnel));
  return true;
}

void TunnelPool::remove(const Tunnel& tunnel) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(tunnels_, [&](const TunnelPtr& one) { return one.get() == &tunnel; });
}

template <class RankOf>
TunnelPtr TunnelPool::least(RankOf rankOf) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  TunnelPtr best;
  Rank least{kUnfit};
  for (const TunnelPtr& tunnel : tunnels_) {
    const Rank rank = rankOf(*tunnel);
    if (rank[0] >= kUnfit || (best && !(rank < least))) continue;
    best = tunnel;
    least = rank;
  }
  return best;
}

TunnelPtr TunnelPool::pick(const Loop& here, Clock::time_point now) const {
  return least([&](const Tunnel& tunnel) {
    const Load load(tunnel, tunnel.coming.load(std::memory_order_relaxed));
    return Rank{classOf(tunnel, now),
                load.busy,
                load.queued,
                load.sessionSteps,
                load.cold,
                load.sessions,
                &tunnel.loop == &here ? 0u : 1u};
  });
}

TunnelPtr TunnelPool::expect(const Loop& here, Clock::time_point now) {
  TunnelPtr tunnel = pick(here, now);
  if (tunnel) tunnel->coming.fetch_add(1, std::memory_order_relaxed);
  return tunnel;
}

void TunnelPool::arrived(Tunnel& tunnel) noexcept {
  std::uint32_t coming = tunnel.coming.load(std::memory_order_relaxed);
  while (coming > 0 &&
         !tunnel.coming.compare_exchange_weak(coming, coming - 1, std::memory_order_relaxed)) {
  }
}

TunnelPtr TunnelPool::pickHere(const Loop& here, Clock::time_point now) const {
  return least([&](const Tunnel& tunnel) {
    const Load load(tunnel, 0);
    return Rank{classOf(tunnel, now),
                &tunnel.loop == &here ? 0u : 1u,
                load.busy,
                load.queued,
                load.sessionSteps,
                load.cold,
                load.sessions};
  });
}

bool TunnelPool::hasOther(const Tunnel& tunnel) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(tunnels_.begin(), tunnels_.end(), [&](const TunnelPtr& other) {
    return other.get() != &tunnel && other->state == Tunnel::State::Live && !other->retiring &&
           !other->closing && !other->burdened;
  });
}

std::vector<TunnelPtr> TunnelPool::setInstance(Tunnel& tunnel, const std::string& instance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  tunnel.instance = instance;
  std::vector<TunnelPtr> older;
  for (const TunnelPtr& other : tunnels_) {
    // One that has not answered yet has not told whose it is, either.
    if (other->id < tunnel.id && other->user == tunnel.user &&
        other->state != Tunnel::State::Unproven && other->instance != instance) {
      older.push_back(other);
    }
  }
  return older;
}

void TunnelPool::setRoundTrip(Tunnel& tunnel, Clock::duration roundTrip) {
  const std::lock_guard<std::mutex> lock(mutex_);
  tunnel.roundTrip = roundTrip;
  tunnel.ownQueue = tunnel.active > 0;
  const auto isBeside = [&](const Tunnel& other) {
    return other.state == Tunnel::State::Live && other.user == tunnel.user &&
           other.instance == tunnel.instance;
  };
  Clock::duration quickest = roundTrip;
  for (const TunnelPtr& other : tunnels_) {
    if (isBeside(*other)) quickest = std::min(quickest, other->roundTrip);
  }
  const Clock::duration most = quickest + std::max<Clock::duration>(quickest / 2, kSlower);
  for (const TunnelPtr& other : tunnels_) {
    if (isBeside(*other)) other->slow = other->roundTrip > most;
  }
}

std::vector<TunnelPtr> TunnelPool::all() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return tunnels_;
}

}  // namespace culvert::reverse

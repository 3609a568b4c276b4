#include "mux/Liveness.h"

#include <algorithm>

namespace culvert::mux {
namespace {

// From these ages on the next beat may be taken, a little before two seconds have passed: what came
// just behind a beat shall not cost a whole one.
constexpr std::chrono::milliseconds kProbeAge{1000}, kSilenceAge{1500};
// One that has probed by itself, half a period before, joins the other end's beat.
constexpr std::chrono::milliseconds kAlongAge{500};

}  // namespace

void Liveness::probeSent(SessionId id, Clock::time_point now) noexcept {
  if (probeCount_ < kMaxProbes) probes_[probeCount_++] = {id, now, afterSleep_};
  afterSleep_ = false;
  lastProbe_ = now;
}

bool Liveness::isProbe(SessionId id) const noexcept {
  return std::any_of(probes_.begin(), probes_.begin() + probeCount_,
                     [id](const Probe& probe) { return probe.id == id; });
}

bool Liveness::answered(SessionId id, Clock::time_point now) noexcept {
  const auto end = probes_.begin() + probeCount_;
  const auto found =
      std::find_if(probes_.begin(), end, [id](const Probe& probe) { return probe.id == id; });
  if (found == end) return false;
  roundTrip_ = now - found->sent;
  // Answers come in order: of older ones nothing more will come.  Before it is live each one
  // counts.
  const auto done = health_ == Health::New ? found : probes_.begin();
  std::move(found + 1, end, done);
  probeCount_ -= static_cast<std::size_t>(found + 1 - done);
  if (health_ == Health::New && ++proofs_ < kProofs) return true;
  health_ = Health::Live;
  doubted_ = false;
  return true;
}

bool Liveness::judge(const Situation& situation) noexcept {
  if (situation.awakeSince > awakeSince_) {
    afterSleep_ = true;
    awakeSince_ = situation.awakeSince;
  }
  const Health verdict = this->verdict(situation);
  if (verdict > health_) {
    if (doubted_) health_ = verdict;
    doubted_ = !doubted_;
  } else {
    doubted_ = false;
  }
  return health_ != Health::Dead && probeDue(situation);
}

void Liveness::doubt() noexcept {
  if (health_ == Health::Live) health_ = Health::Suspect;
}

Health Liveness::verdict(const Situation& situation) const noexcept {
  const Clock::time_point now = situation.now;
  if (situation.isHeld) return health_;
  if (health_ == Health::New) {
    return now - std::max(born_, situation.awakeSince) >= kDeadAfter ? Health::Dead : Health::New;
  }
  const Clock::duration silence = now - std::max(heard_, situation.awakeSince);
  if (situation.silenceKills && silence >= kDeadAfter) return Health::Dead;
  if (silence >= kSuspectAfter) return Health::Suspect;
  for (std::size_t i = 0; i < probeCount_; ++i) {
    const Clock::duration age = now - std::max(probes_[i].sent, situation.awakeSince);
    if (age >= (probes_[i].afterSleep ? kWakePatience : kSuspectAfter)) return Health::Suspect;
  }
  return health_ == Health::Suspect ? Health::Suspect : Health::Live;
}

bool Liveness::probeDue(const Situation& situation) const noexcept {
  if (situation.isHeld || probeCount_ == kMaxProbes) return false;
  if (afterSleep_) return true;
  if (health_ == Health::New) return false;  // its two proofs are under way
  return situation.now >= nextProbe(situation);
}

bool Liveness::mayGoAlong(const Situation& situation) const noexcept {
  return turn_ == Turn::Second && health_ == Health::Live && situation.carriesSessions &&
         !situation.isHeld && probeCount_ < kMaxProbes && situation.now - lastProbe_ >= kAlongAge;
}

Clock::time_point Liveness::nextProbe(const Situation& situation) const noexcept {
  Clock::time_point at = lastProbe_ + kProbeAge;
  if (!situation.carriesSessions && health_ != Health::Suspect) {
    at = std::max<Clock::time_point>(at, heard_ + kSilenceAge);
  }
  const Clock::duration shift = turn_ == Turn::Second ? kProbeEvery / 2 : Clock::duration::zero();
  return nextBeat(at - shift, kProbeEvery) + shift;
}

Clock::time_point Liveness::next(const Situation& situation) const noexcept {
  const Clock::time_point now = situation.now;
  if (doubted_) return now + kSecondLook;
  if (situation.isHeld) return now + kProbeEvery;
  if (health_ == Health::New) return std::max(born_, situation.awakeSince) + kDeadAfter;
  Clock::time_point at = nextProbe(situation);
  const Clock::time_point base = std::max(heard_, situation.awakeSince);
  if (health_ == Health::Live) at = std::min(at, base + kSuspectAfter);
  if (situation.silenceKills) at = std::min(at, base + kDeadAfter);
  for (std::size_t i = 0; i < probeCount_ && health_ == Health::Live; ++i) {
    const auto patience = probes_[i].afterSleep ? kWakePatience : kSuspectAfter;
    at =
        std::min<Clock::time_point>(at, std::max(probes_[i].sent, situation.awakeSince) + patience);
  }
  return std::max(at, now + kSecondLook);
}

}  // namespace culvert::mux

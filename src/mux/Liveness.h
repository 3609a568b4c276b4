// Whether a link's other end still answers: probes, and what silence means.  Pure: told the time,
// tells what to do.
//
// A probe is a Keep with one data byte for an id that nobody uses; every Mux.Cool peer answers it
// with End for that id.  A new link is live when two probes with random ids were answered: a
// recording holds the answers to other probes (RPL-7).  Any byte counts as life.  Suspect: no byte
// for 5 s, or a probe unanswered for 5 s (1 s when we ourselves come back from sleep); an answer
// ends it.  Dead: 10 s without a byte, where silence proves it.  A worse verdict is given on the
// second look only: what the kernel holds is read between the two.
//
// Probes go out every 2 s at the same moments on all links (nextBeat), so that they cost an idle
// process one wake-up.  Of two ends that both probe one lets its probe go along with its answer to
// the other's; by itself it probes half a period later, should that one never come.
#pragma once

#include "base/Clock.h"
#include "mux/Frame.h"

#include <array>
#include <chrono>
#include <cstddef>

namespace culvert::mux {

enum class Health : std::uint8_t {
  New,  ///< has not answered yet
  Live,
  Suspect,  ///< takes no new sessions
  Dead,
};

class Liveness {
 public:
  static constexpr std::chrono::seconds kProbeEvery{2}, kSuspectAfter{5}, kDeadAfter{10};
  static constexpr std::chrono::seconds kWakePatience{1};
  static constexpr std::chrono::milliseconds kSecondLook{100};
  static constexpr std::size_t kProofs = 2, kMaxProbes = 8;

  enum class Turn : std::uint8_t { First, Second };

  explicit Liveness(Clock::time_point born, Turn turn = Turn::First) noexcept
      : turn_(turn), born_(born), heard_(born), awakeSince_(born) {}

  /// Some bytes came.
  void heard(Clock::time_point now) noexcept { heard_ = now; }
  /// End came for `id`.  False: no probe of ours.
  bool answered(SessionId id, Clock::time_point now) noexcept;
  void probeSent(SessionId id, Clock::time_point now) noexcept;
  [[nodiscard]] bool isProbe(SessionId id) const noexcept;

  struct Situation {
    Clock::time_point now;
    Clock::time_point awakeSince;
    bool carriesSessions = false;
    bool silenceKills = false;  ///< a Culvert: it never stops reading a link
    bool isHeld = false;        ///< we do not read it ourselves
  };
  /// Looks at the time; health() is up to date afterwards.  True: a probe is due.
  bool judge(const Situation& situation) noexcept;
  /// A probe of the peer's is being answered.  True: ours may go along.
  [[nodiscard]] bool mayGoAlong(const Situation& situation) const noexcept;
  /// Suspect until the next answer: its owner is said to have gone.
  void doubt() noexcept;
  /// We read the link again: nothing is judged by what came, or did not, before.
  void released(Clock::time_point now) noexcept {
    heard_ = now;
    probeCount_ = 0;
  }

  [[nodiscard]] Health health() const noexcept { return health_; }
  /// When to judge again.
  [[nodiscard]] Clock::time_point next(const Situation& situation) const noexcept;
  [[nodiscard]] Clock::time_point lastHeard() const noexcept { return heard_; }
  /// Of the last answered probe; zero: none yet.
  [[nodiscard]] Clock::duration roundTrip() const noexcept { return roundTrip_; }

 private:
  struct Probe {
    SessionId id;
    Clock::time_point sent;
    bool afterSleep;
  };
  [[nodiscard]] Health verdict(const Situation& situation) const noexcept;
  [[nodiscard]] bool probeDue(const Situation& situation) const noexcept;
  /// When the next regular probe is due.
  [[nodiscard]] Clock::time_point nextProbe(const Situation& situation) const noexcept;

  Turn turn_;
  Clock::time_point born_;
  Clock::time_point heard_, lastProbe_{}, awakeSince_;
  std::array<Probe, kMaxProbes> probes_{};  ///< oldest first
  std::size_t probeCount_ = 0, proofs_ = 0;
  Clock::duration roundTrip_{};
  Health health_ = Health::New;
  bool afterSleep_ = false;  ///< the next probe is the first after a sleep
  bool doubted_ = false;     ///< a worse verdict waits for the second look
};

}  // namespace culvert::mux

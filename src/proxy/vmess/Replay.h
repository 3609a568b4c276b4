// What has been accepted before and must not be accepted again (RPL-1 to RPL-8).
//
// One history per inbound; it outlives a reload and, where there is a state directory, the process.
// It holds digests of auth ids, sessions and burnt legacy hashes in a table of fixed size: two
// buckets of eight slots for each digest.  Nothing is removed when it expires; its slot is only
// used again when room is needed, so that a clock that steps back re-opens nothing.
//
// Time here counts monotonic seconds from the history's beginning and goes on where the process
// before stopped.
#pragma once

#include "base/Bytes.h"
#include "base/Clock.h"
#include "base/Result.h"
#include "proxy/vmess/Account.h"
#include "proxy/vmess/Header.h"
#include "proxy/vmess/ReplayStore.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace culvert::vmess {

class ReplayHistory {
 public:
  static constexpr std::size_t kHeaderBytes = 128;
  static constexpr std::size_t kSlotBytes = 16;
  /// RPL-5: one user's share, and the size of the largest table.
  static constexpr std::size_t kMaxPerUser = std::size_t{64} * 1024;
  static constexpr std::size_t kMaxSlots = std::size_t{4} * 1024 * 1024 / kSlotBytes;

  /// How the table was found.
  enum class State {
    Fresh,    ///< nothing was there
    Kept,     ///< what an earlier process left
    Damaged,  ///< something was there that is no history: it was cleared
  };

  /// Lives in `store`, whose size is tableBytes() of a power of two.
  ReplayHistory(std::unique_ptr<ReplayStore> store, State state, Now now);
  ReplayHistory(const ReplayHistory&) = delete;
  ReplayHistory& operator=(const ReplayHistory&) = delete;

  /// Remembers an authenticated AEAD opening.  Errc::Replayed: its auth id or its session was here
  /// before; Errc::Overloaded: the user has filled its share or the table is full, which refuses
  /// too (RPL-5).
  Result<void> admitAead(const Account& user, const AuthId& id, std::int64_t stamp,
                         const BodyKeys& keys, Now now);
  /// The same for a legacy opening, whose hash alone may come again (honest clients draw it from
  /// few).
  Result<void> admitLegacy(const Account& user, std::int64_t stamp, const BodyKeys& keys, Now now);
  /// From now on `auth` is refused for as long as it is valid: somebody tampered with what came
  /// behind it.
  void burn(const Account& user, Bytes auth, Now now);
  [[nodiscard]] bool isBurnt(Bytes auth) const;

  /// Bytes of a table with `slots` slots.
  static constexpr std::size_t tableBytes(std::size_t slots) {
    return kHeaderBytes + slots * kSlotBytes;
  }
  /// Whether `bytes` are a history.
  [[nodiscard]] static bool isHistory(Bytes bytes) noexcept;

 private:
  static constexpr std::size_t kBucket = 8;
  struct Header;
  struct Slot;
  enum class Kind : std::uint8_t { Id, Session, Burnt };

  static std::uint64_t digestOf(Kind kind, const Account* user, Pieces pieces);
  [[nodiscard]] std::size_t bucketOf(std::uint64_t digest, int choice) const noexcept;
  [[nodiscard]] bool contains(std::uint64_t digest) const;
  [[nodiscard]] bool remember(std::uint64_t digest, std::uint16_t user, std::uint32_t until,
                              bool counts);
  Result<void> refuseFull(const Account& user);
  [[nodiscard]] bool isTooOld(std::int64_t stamp) const noexcept;
  [[nodiscard]] Slot* roomFor(std::uint64_t digest);
  [[nodiscard]] bool isLive(const Slot& slot) const noexcept;
  std::uint16_t numberOf(const Account& user);
  [[nodiscard]] bool hasShareLeft(std::uint16_t user);
  void observe(Now now);

  std::unique_ptr<ReplayStore> store_;
  Header* header_;
  Slot* slots_;
  std::size_t slotCount_;
  std::size_t share_;

  mutable std::mutex mutex_;  // guards all below and the table
  Clock::time_point openedAt_;
  std::uint32_t base_ = 0, now_ = 0;  ///< history time at opening, and now
  std::int64_t clockOffset_ = 0;      ///< wall clock minus history time, to see it step back
  std::uint32_t heldFrom_ = 0,
                heldTo_ = 0;       ///< after such a step: what expires in between is kept ...
  std::uint32_t heldUntil_ = 0;    ///< ... until then
  std::int64_t refuseBefore_ = 0;  ///< stamps, after damage
  std::uint32_t refuseUntil_ = 0;
  std::map<std::string, std::uint16_t> numbers_;
  std::vector<std::uint32_t> counts_;  ///< of each user: no more live openings than this
  std::uint32_t countedAt_ = 0;
  std::uint32_t complainedAt_ = 0;
};

/// The history of the inbound `tag`: the one that is open already (a reload), else that of the
/// state directory, else a new one; says in the log when it is not kept over restarts, and why. All
/// open histories together stay within RPL-5.
std::shared_ptr<ReplayHistory> openReplayHistory(const std::string& stateDirectory,
                                                 const std::string& tag, Now now);

}  // namespace culvert::vmess

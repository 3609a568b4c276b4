#include "proxy/vmess/AlterIdTable.h"

#include "base/Cursor.h"
#include "base/Secret.h"
#include "crypto/Digest.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

namespace culvert::vmess {
namespace {

constexpr std::int64_t kWindow = kClockWindow.count();
constexpr std::size_t kWindowSeconds = 2 * kWindow + 1;
/// Honest clients stamp at most this far from their clock.
constexpr std::size_t kLikelySeconds = 64;

std::uint64_t printOf(Bytes auth) {
  return Cursor(auth).u64be();
}

}  // namespace

AlterIdTable::AlterIdTable(const std::vector<Account>& accounts) {
  for (std::size_t account = 0; account < accounts.size(); ++account) {
    if (accounts[account].alterId() == 0) continue;
    for (crypto::Key16& id : accounts[account].legacyIds()) {
      ids_.push_back({std::move(id), static_cast<std::uint32_t>(account)});
    }
  }
  if (!ids_.empty()) slots_.resize(std::bit_ceil(ids_.size() * kWindowSeconds * 2));
}

bool AlterIdTable::advance(std::int64_t now, std::size_t seconds) {
  if (ids_.empty()) return true;
  const std::int64_t first = now - kWindow, last = now + kWindow;
  from_ = std::max(from_, first);
  to_ = std::min(to_, last + 1);
  if (from_ >= to_) from_ = to_ = now;  // nothing of it is of use any more

  for (; seconds > 0; --seconds) {
    const bool hasAbove = to_ <= last, hasBelow = from_ > first;
    if (!hasAbove && !hasBelow) return true;
    if (hasAbove && (!hasBelow || to_ - now <= now - from_)) {
      hashSecond(to_++);
    } else {
      hashSecond(--from_);
    }
  }
  return to_ > last && from_ <= first;
}

void AlterIdTable::hashSecond(std::int64_t second) {
  if (used_ + ids_.size() > slots_.size() / 4 * 3) dropOutdated();
  for (std::size_t id = 0; id < ids_.size(); ++id) {
    insert({printOf(legacyAuth(ids_[id].id.view(), second)), static_cast<std::uint32_t>(id),
            static_cast<std::uint32_t>(second)});
  }
}

void AlterIdTable::insert(const Slot& slot) {
  std::size_t at = slot.print & (slots_.size() - 1);
  while (slots_[at].id != kNobody) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = slot;
  ++used_;
}

void AlterIdTable::dropOutdated() {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size()));
  used_ = 0;
  const auto length = static_cast<std::uint32_t>(to_ - from_);
  for (const Slot& slot : old) {
    if (slot.id != kNobody && slot.second - static_cast<std::uint32_t>(from_) < length)
      insert(slot);
  }
}

std::optional<AlterIdTable::Match> AlterIdTable::find(Bytes auth, std::int64_t now) {
  if (ids_.empty()) return std::nullopt;
  // Usually complete, or a second behind.  After a start it is not, and being late is better than
  // refusing an honest client, which would then be kept waiting like a stranger.
  for (const std::size_t seconds : {std::size_t{2}, kLikelySeconds, kWindowSeconds}) {
    const bool complete = advance(now, seconds);
    const std::optional<Match> match = lookUp(auth, now);
    if (match || complete) return match;
  }
  return std::nullopt;
}

std::optional<AlterIdTable::Match> AlterIdTable::lookUp(Bytes auth, std::int64_t now) const {
  const std::uint64_t print = printOf(auth);
  for (std::size_t at = print & (slots_.size() - 1); slots_[at].id != kNobody;
       at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.print != print) continue;
    const auto off = static_cast<std::int32_t>(slot.second - static_cast<std::uint32_t>(now));
    if (std::abs(std::int64_t{off}) > kWindow) continue;
    const Id& id = ids_[slot.id];
    if (equalSecrets(legacyAuth(id.id.view(), now + off), auth))
      return Match{id.account, now + off};
  }
  return std::nullopt;
}

}  // namespace culvert::vmess

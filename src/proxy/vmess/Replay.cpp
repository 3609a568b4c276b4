#include "proxy/vmess/Replay.h"

#include "base/Assert.h"
#include "base/Log.h"
#include "crypto/Checksum.h"
#include "crypto/Digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <utility>

namespace culvert::vmess {
namespace {

constexpr Log log{"vmess"};

constexpr char kMagic[8] = {'c', 'u', 'l', 'v', 'r', 'p', 'l', '1'};
constexpr std::int64_t kWindow = kClockWindow.count();
/// The longest an opening can stay valid, and a little for rounding.
constexpr std::uint32_t kLongest = static_cast<std::uint32_t>(2 * kWindow) + 2;
/// The wall clock has stepped back when it lost more than this against the monotonic one.
constexpr std::int64_t kStep = 2;
/// Holding longer than this would be of use to nobody.
constexpr std::int64_t kLongestHold = std::int64_t{7} * 24 * 3600;
constexpr std::uint16_t kUnknownUser = 0, kManyUsers = UINT16_MAX;
constexpr std::size_t kLeastSlots = 4096;
constexpr std::size_t kAllBytes = std::size_t{8} * 1024 * 1024;  ///< RPL-5

std::uint32_t secondsLeft(std::int64_t stamp, Now now) {
  const std::int64_t left = stamp + kWindow - now.unixSeconds() + 2;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, kLongest));
}

}  // namespace

/// As in the file, in this machine's byte order: a history does not travel.
struct ReplayHistory::Header {
  char magic[8];
  std::uint32_t slots, check;
  std::uint32_t now;
};
struct ReplayHistory::Slot {
  std::uint64_t digest;  ///< 0: never used
  std::uint32_t until;
  std::uint16_t user;
  std::uint16_t counts;  ///< 1: one opening of the user's share
};

bool ReplayHistory::isHistory(Bytes bytes) noexcept {
  static_assert(sizeof(Header) <= kHeaderBytes && sizeof(Slot) == kSlotBytes);
  if (bytes.size() < kHeaderBytes) return false;
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return std::equal(kMagic, kMagic + sizeof kMagic, header.magic) &&
         header.check == crypto::crc32(bytes.first(offsetof(Header, check))) &&
         std::has_single_bit(header.slots) && header.slots >= 2 * kBucket &&
         header.slots <= kMaxSlots && bytes.size() == tableBytes(header.slots);
}

ReplayHistory::ReplayHistory(std::unique_ptr<ReplayStore> store, State state, Now now)
    : store_(std::move(store)),
      header_(reinterpret_cast<Header*>(store_->bytes().data())),
      slots_(reinterpret_cast<Slot*>(store_->bytes().subspan(kHeaderBytes).data())),
      slotCount_((store_->bytes().size() - kHeaderBytes) / kSlotBytes),
      share_(std::min(kMaxPerUser, slotCount_ / 4)),
      openedAt_(now.mono),
      counts_(1) {
  CULVERT_ASSERT(std::has_single_bit(slotCount_) && slotCount_ >= 2 * kBucket);
  if (state == State::Kept) {
    base_ = header_->now + 1;
    for (std::size_t i = 0; i < slotCount_; ++i) {
      // The numbers were that process's own.
      if (slots_[i].digest != 0) slots_[i].user = kUnknownUser;
    }
  } else {
    base_ = 1;
    std::copy(kMagic, kMagic + sizeof kMagic, header_->magic);
    header_->slots = static_cast<std::uint32_t>(slotCount_);
    header_->check = crypto::crc32(Bytes(store_->bytes()).first(offsetof(Header, check)));
  }
  now_ = header_->now = base_;
  clockOffset_ = now.unixSeconds() - now_;
  if (state == State::Damaged) {
    refuseBefore_ = now.unixSeconds();
    refuseUntil_ = now_ + kLongest;
  }
  store_->rest();
}

std::uint64_t ReplayHistory::digestOf(Kind kind, const Account* user, Pieces pieces) {
  CULVERT_ASSERT(pieces.size() <= 2);
  const std::uint8_t kindByte = static_cast<std::uint8_t>(kind);
  std::array<Bytes, 4> all = {Bytes(&kindByte, 1), user ? user->id() : Bytes()};
  std::copy(pieces.begin(), pieces.end(), all.begin() + 2);
  const crypto::Sha256Digest full = crypto::sha256(Pieces(all));
  std::uint64_t digest = 0;
  std::memcpy(&digest, full.data(), sizeof digest);
  return digest == 0 ? 1 : digest;
}

std::size_t ReplayHistory::bucketOf(std::uint64_t digest, int choice) const noexcept {
  const std::uint64_t half = choice == 0 ? digest : digest >> 32;
  return static_cast<std::size_t>(half) % (slotCount_ / kBucket) * kBucket;
}

bool ReplayHistory::contains(std::uint64_t digest) const {
  for (const int choice : {0, 1}) {
    const std::size_t first = bucketOf(digest, choice);
    for (std::size_t i = first; i < first + kBucket; ++i) {
      if (slots_[i].digest == digest) return true;
    }
  }
  return false;
}

bool ReplayHistory::isLive(const Slot& slot) const noexcept {
  if (slot.digest == 0) return false;
  const bool isValid = slot.until >= now_ && slot.until <= now_ + kLongest;
  const bool isHeld = now_ <= heldUntil_ && slot.until >= heldFrom_ && slot.until <= heldTo_;
  return isValid || isHeld;
}

ReplayHistory::Slot* ReplayHistory::roomFor(std::uint64_t digest) {
  // An empty slot of the emptier bucket, else the one that expired first, so that much is
  // remembered long.
  Slot* best = nullptr;
  std::size_t bestUsed = kBucket;
  for (const int choice : {0, 1}) {
    const std::size_t first = bucketOf(digest, choice);
    Slot* empty = nullptr;
    std::size_t used = 0;
    for (std::size_t i = first; i < first + kBucket; ++i) {
      if (slots_[i].digest != 0) {
        ++used;
      } else {
        empty = &slots_[i];
      }
    }
    if (empty && used < bestUsed) {
      best = empty;
      bestUsed = used;
    }
  }
  if (best) return best;
  for (const int choice : {0, 1}) {
    const std::size_t first = bucketOf(digest, choice);
    for (std::size_t i = first; i < first + kBucket; ++i) {
      if (!isLive(slots_[i]) && (!best || slots_[i].until < best->until)) best = &slots_[i];
    }
  }
  return best;
}

bool ReplayHistory::remember(std::uint64_t digest, std::uint16_t user, std::uint32_t until,
                             bool counts) {
  Slot* const slot = roomFor(digest);
  if (!slot) return false;
  // The digest last: a process that dies in between leaves a slot that says nothing.
  slot->until = until;
  slot->user = user;
  slot->counts = counts ? 1 : 0;
  slot->digest = digest;
  header_->now = now_;
  if (counts) ++counts_[user];
  return true;
}

std::uint16_t ReplayHistory::numberOf(const Account& user) {
  const auto known = numbers_.find(user.key());
  if (known != numbers_.end()) return known->second;
  const auto number =
      static_cast<std::uint16_t>(std::min<std::size_t>(numbers_.size() + 1, kManyUsers));
  numbers_.emplace(user.key(), number);
  if (counts_.size() <= number) counts_.resize(number + std::size_t{1});
  return number;
}

bool ReplayHistory::hasShareLeft(std::uint16_t user) {
  if (counts_[user] < share_) return true;
  if (countedAt_ == now_) return false;
  countedAt_ = now_;
  std::fill(counts_.begin(), counts_.end(), 0);
  for (std::size_t i = 0; i < slotCount_; ++i) {
    if (slots_[i].counts == 1 && slots_[i].user < counts_.size() && isLive(slots_[i])) {
      ++counts_[slots_[i].user];
    }
  }
  return counts_[user] < share_;
}

void ReplayHistory::observe(Now now) {
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now.mono - openedAt_);
  now_ = std::max(now_,
                  base_ + static_cast<std::uint32_t>(std::max<std::int64_t>(0, elapsed.count())));
  const std::int64_t offset = now.unixSeconds() - now_;
  const std::int64_t lost = std::min(clockOffset_ - offset, kLongestHold);
  if (lost > kStep) {
    heldFrom_ = static_cast<std::uint32_t>(std::max<std::int64_t>(1, now_ - lost));
    heldTo_ = now_ + kLongest;
    heldUntil_ = std::max(heldUntil_, now_ + static_cast<std::uint32_t>(lost) + kLongest);
  }
  clockOffset_ = offset;
}

bool ReplayHistory::isTooOld(std::int64_t stamp) const noexcept {
  return now_ <= refuseUntil_ && stamp < refuseBefore_;
}

Result<void> ReplayHistory::refuseFull(const Account& user) {
  if (complainedAt_ == 0 || now_ >= complainedAt_ + 60) {
    complainedAt_ = now_;
    log.warning("replay history is full: new connections of user '", escaped(user.name(), 64),
                "' are refused until older ones expire");
  }
  return Errc::Overloaded;
}

Result<void> ReplayHistory::admitAead(const Account& user, const AuthId& id, std::int64_t stamp,
                                      const BodyKeys& keys, Now now) {
  const Bytes idPiece = id, keyPieces[] = {keys.key.view(), keys.iv.view()};
  const std::uint64_t idDigest = digestOf(Kind::Id, nullptr, Pieces(&idPiece, 1));
  const std::uint64_t sessionDigest = digestOf(Kind::Session, &user, keyPieces);

  const std::lock_guard<std::mutex> lock(mutex_);
  observe(now);
  if (isTooOld(stamp) || contains(idDigest) || contains(sessionDigest)) return Errc::Replayed;
  const std::uint16_t number = numberOf(user);
  const std::uint32_t until = now_ + secondsLeft(stamp, now);
  if (!hasShareLeft(number) || !remember(idDigest, number, until, true) ||
      !remember(sessionDigest, number, until, false)) {
    return refuseFull(user);
  }
  return {};
}

Result<void> ReplayHistory::admitLegacy(const Account& user, std::int64_t stamp,
                                        const BodyKeys& keys, Now now) {
  const Bytes keyPieces[] = {keys.key.view(), keys.iv.view()};
  const std::uint64_t session = digestOf(Kind::Session, &user, keyPieces);

  const std::lock_guard<std::mutex> lock(mutex_);
  observe(now);
  if (isTooOld(stamp) || contains(session)) return Errc::Replayed;
  const std::uint16_t number = numberOf(user);
  // Another hash of the user could carry the same header, so it is kept for as long as any could.
  if (!hasShareLeft(number) || !remember(session, number, now_ + kLongest, true)) {
    return refuseFull(user);
  }
  return {};
}

void ReplayHistory::burn(const Account& user, Bytes auth, Now now) {
  const std::uint64_t digest = digestOf(Kind::Burnt, nullptr, Pieces(&auth, 1));
  const std::lock_guard<std::mutex> lock(mutex_);
  observe(now);
  // Without room the hash stays good: what is refused for it has been refused already.
  if (!contains(digest))
    static_cast<void>(remember(digest, numberOf(user), now_ + kLongest, false));
}

bool ReplayHistory::isBurnt(Bytes auth) const {
  const std::uint64_t digest = digestOf(Kind::Burnt, nullptr, Pieces(&auth, 1));
  const std::lock_guard<std::mutex> lock(mutex_);
  return contains(digest);
}

// ---- Opening one.

namespace {

/// All histories of the process, so that a reload finds those of the configuration before it.
struct Histories {
  struct Entry {
    std::weak_ptr<ReplayHistory> history;
    std::size_t bytes = 0;
  };
  std::mutex mutex;
  std::map<std::string, Entry> all;
};

Histories& histories() {
  static Histories object;
  return object;
}

std::string fileName(const std::string& tag) {
  std::string name = "vmess-replay-";
  for (const char c : tag.substr(0, 32)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '_';
  }
  // Different tags may look the same by now.
  return name + '-' + crypto::toHex(crypto::sha256(asBytes(tag))).substr(0, 8);
}

struct Opened {
  std::unique_ptr<ReplayStore> store;
  ReplayHistory::State state = ReplayHistory::State::Fresh;
};

Opened openStore(const std::string& path, std::size_t size) {
  if (path.empty()) {
    log.warning("no state directory: a recorded opening can be replayed for up to ",
                kClockWindow.count(), " s after a restart");
    return {makeReplayStore(size)};
  }
  Result<OpenedReplayStore> opened = openReplayStore(path, size, Existing::Keep);
  if (opened && !opened->existed) {
    log.info("no replay history yet: starting ", inQuotes(path));
    return {std::move(opened->store)};
  }
  if (opened && ReplayHistory::isHistory(opened->store->bytes())) {
    return {std::move(opened->store), ReplayHistory::State::Kept};
  }
  if (opened) {
    opened->store.reset();  // and its lock
    opened = openReplayStore(path, size, Existing::Clear);
    log.warning("replay history ", inQuotes(path),
                " is damaged: cleared; ids stamped before now are refused for ", kLongest, " s");
    if (opened) return {std::move(opened->store), ReplayHistory::State::Damaged};
    return {makeReplayStore(size), ReplayHistory::State::Damaged};
  }
  log.warning("replay history ", inQuotes(path), " cannot be kept: ", opened.error(),
              "; a recorded opening can be replayed for up to ", kClockWindow.count(),
              " s after a restart");
  return {makeReplayStore(size)};
}

}  // namespace

std::shared_ptr<ReplayHistory> openReplayHistory(const std::string& stateDirectory,
                                                 const std::string& tag, Now now) {
  const std::string name = fileName(tag);
  const std::string path = stateDirectory.empty() ? std::string() : stateDirectory + '/' + name;
  Histories& known = histories();
  const std::lock_guard<std::mutex> lock(known.mutex);
  std::erase_if(known.all, [](const auto& entry) { return entry.second.history.expired(); });
  Histories::Entry& entry = known.all[path.empty() ? name : path];
  if (std::shared_ptr<ReplayHistory> history = entry.history.lock()) return history;

  std::size_t taken = 0;
  for (const auto& [key, other] : known.all) taken += other.bytes;
  const std::size_t half = taken < kAllBytes ? (kAllBytes - taken) / 2 : 0;
  const std::size_t slots = std::clamp(std::bit_floor(half / ReplayHistory::kSlotBytes),
                                       kLeastSlots, ReplayHistory::kMaxSlots);
  Opened opened = openStore(path, ReplayHistory::tableBytes(slots));
  entry.bytes = opened.store->bytes().size();
  auto history = std::make_shared<ReplayHistory>(std::move(opened.store), opened.state, now);
  entry.history = history;
  return history;
}

}  // namespace culvert::vmess

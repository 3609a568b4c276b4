// Finds the user behind a legacy opening: a table of every hash that users with alter ids may send
// now.
//
// It covers the seconds within kClockWindow of the clock and moves with it: one more second of
// every id each second, hashed when tick() or find() is called.  After a start or a step of the
// clock it grows outwards from now, so that the seconds honest clients use come first.  One id and
// second takes about 1 us to hash and 32 bytes.
#pragma once

#include "base/Bytes.h"
#include "crypto/Key.h"
#include "proxy/vmess/Account.h"
#include "proxy/vmess/Vmess.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace culvert::vmess {

class AlterIdTable {
 public:
  struct Match {
    std::size_t account;   ///< index among those the table was made for
    std::int64_t seconds;  ///< the time the client stamped
  };

  explicit AlterIdTable(const std::vector<Account>& accounts);

  /// Whether nobody has alter ids: then the table does nothing.
  [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }

  /// Moves the window to `now` (seconds since 1970) and hashes at most `seconds` of what is
  /// missing. Returns whether the window is complete.
  bool advance(std::int64_t now, std::size_t seconds);

  /// Whose hash `auth` is.  Completes the window first when that is what it takes.
  [[nodiscard]] std::optional<Match> find(Bytes auth, std::int64_t now);

  /// Hashes in memory, outdated ones included.
  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  static constexpr std::uint32_t kNobody = UINT32_MAX;
  struct Id {
    crypto::Key16 id;
    std::uint32_t account;
  };
  /// The hash's first 8 bytes; what is found is hashed again and compared whole.
  struct Slot {
    std::uint64_t print = 0;
    std::uint32_t id = kNobody;
    std::uint32_t second = 0;  ///< its low 32 bits
  };

  void hashSecond(std::int64_t second);
  void insert(const Slot& slot);
  void dropOutdated();
  [[nodiscard]] std::optional<Match> lookUp(Bytes auth, std::int64_t now) const;

  std::vector<Id> ids_;
  std::vector<Slot> slots_;  ///< open addressing; a power of two
  std::size_t used_ = 0;
  std::int64_t from_ = 0, to_ = 0;  ///< seconds hashed: [from_, to_)
};

}  // namespace culvert::vmess

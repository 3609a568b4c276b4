// Who may connect to an inbound, and the one place where an opening is held against them.
//
// Shared by all loops; thread-safe.
#pragma once

#include "base/Clock.h"
#include "base/Result.h"
#include "crypto/AesBlock.h"
#include "proxy/vmess/Account.h"
#include "proxy/vmess/AlterIdTable.h"
#include "proxy/vmess/Header.h"
#include "proxy/vmess/Replay.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace culvert::vmess {

class Users {
 public:
  struct Match {
    const Account* account = nullptr;  ///< lives as long as the Users
    HeaderKind kind = HeaderKind::Aead;
    std::int64_t seconds = 0;  ///< the time the client stamped
  };

  /// `history` may be shared with others.
  Users(std::vector<Account> accounts, std::shared_ptr<ReplayHistory> history);

  /// Whose the first 16 bytes of an opening are: AEAD users first, then legacy ones.
  /// Errc::Unauthenticated: nobody's; Errc::ClockSkew: an AEAD user's, with a time outside the
  /// window, which the log tells the operator at most once a minute for each user (AUTH-10);
  /// Errc::Replayed: a legacy hash that was burnt.  Remembers nothing: call admit() once the rest
  /// has proved authentic (RPL-4).
  Result<Match> find(const AuthId& auth, Now now);

  /// Lets an authentic opening in and remembers it; errors of ReplayHistory.
  Result<void> admit(const Match& match, const AuthId& auth, const BodyKeys& keys, Now now);
  /// What came behind a legacy hash was not authentic.
  void burn(const Match& match, const AuthId& auth, Now now);

  /// Whether any user may send legacy headers; then advance() must be called once a second.
  [[nodiscard]] bool hasLegacy() const;
  /// Hashes one second of the alter ids; false: there is more to do now.
  bool advance(Now now);

 private:
  struct User {
    Account account;
    crypto::AesBlock authIds;
    Clock::time_point skewLogged{};  ///< zero: never
  };
  void noteSkew(User& user, std::int64_t seconds, Now now);

  mutable std::mutex mutex_;  // guards the ciphers, the table and skewLogged
  std::vector<User> users_;
  AlterIdTable alterIds_;
  const std::shared_ptr<ReplayHistory> history_;
};

}  // namespace culvert::vmess

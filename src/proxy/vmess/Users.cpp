#include "proxy/vmess/Users.h"

#include "base/Log.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace culvert::vmess {
namespace {

constexpr Log log{"vmess"};
constexpr std::chrono::minutes kSkewPause{1};

}  // namespace

Users::Users(std::vector<Account> accounts, std::shared_ptr<ReplayHistory> history)
    : alterIds_(accounts), history_(std::move(history)) {
  users_.reserve(accounts.size());
  for (Account& account : accounts) {
    crypto::AesBlock cipher(crypto::Way::Decrypt, authIdKey(account.commandKey()).view());
    users_.push_back({std::move(account), std::move(cipher)});
  }
}

Result<Users::Match> Users::find(const AuthId& auth, Now now) {
  const std::int64_t seconds = now.unixSeconds();
  const std::lock_guard<std::mutex> lock(mutex_);
  User* skewed = nullptr;
  std::int64_t skewedTo = 0;
  for (User& user : users_) {
    const std::optional<std::int64_t> stamp = secondsOf(user.authIds.apply(auth));
    if (!stamp) continue;
    if (*stamp >= seconds - kClockWindow.count() && *stamp <= seconds + kClockWindow.count()) {
      return Match{&user.account, HeaderKind::Aead, *stamp};
    }
    skewed = &user;
    skewedTo = *stamp;
  }
  if (const auto legacy = alterIds_.find(auth, seconds)) {
    if (history_->isBurnt(auth)) return Errc::Replayed;
    return Match{&users_[legacy->account].account, HeaderKind::Legacy, legacy->seconds};
  }
  if (!skewed) return Errc::Unauthenticated;
  noteSkew(*skewed, skewedTo, now);
  return Errc::ClockSkew;
}

void Users::noteSkew(User& user, std::int64_t seconds, Now now) {
  if (user.skewLogged != Clock::time_point{} && now.mono - user.skewLogged < kSkewPause) return;
  user.skewLogged = now.mono;
  // Neither is negative, so the difference cannot overflow.
  const std::int64_t difference = seconds - std::max<std::int64_t>(0, now.unixSeconds());
  log.warning("user '", escaped(user.account.name(), 64), "': valid id, clock differs by ",
              difference > 0 ? "+" : "", difference, " s (or a replay)");
}

Result<void> Users::admit(const Match& match, const AuthId& auth, const BodyKeys& keys, Now now) {
  if (match.kind == HeaderKind::Legacy) {
    return history_->admitLegacy(*match.account, match.seconds, keys, now);
  }
  return history_->admitAead(*match.account, auth, match.seconds, keys, now);
}

void Users::burn(const Match& match, const AuthId& auth, Now now) {
  history_->burn(*match.account, auth, now);
}

bool Users::hasLegacy() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !alterIds_.empty();
}

bool Users::advance(Now now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return alterIds_.advance(now.unixSeconds(), 1);
}

}  // namespace culvert::vmess

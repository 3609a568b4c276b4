// Users of VMess: their id, what is derived from it, and how they are named.
#pragma once

#include "base/Result.h"
#include "base/Secret.h"
#include "base/Uuid.h"
#include "crypto/Key.h"
#include "proxy/vmess/Keys.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::vmess {

/// Reads a user id as people write it: 32 hexadecimal digits with '-' or without behind digits 8,
/// 12, 16 and 20; or, as Xray does, any other text of 1 to 30 bytes, which is hashed to an id.
/// Errc::BadHeader otherwise.
Result<Uuid> parseUserId(std::string_view text);

/// The alter id that follows `id` in a user's chain.
Uuid nextAlterId(const Uuid& id);

/// A user.  Not copyable; wiped when it goes (KEY-5, KEY-6).
class Account {
 public:
  /// `label` is the user's e-mail, or empty.
  Account(const Uuid& id, std::uint16_t alterId, std::string label);
  Account(Account&&) noexcept = default;
  Account& operator=(Account&&) noexcept = default;
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;
  ~Account() = default;

  [[nodiscard]] Bytes id() const noexcept { return id_.view(); }
  /// Key of this user's headers, of both kinds.
  [[nodiscard]] Bytes commandKey() const noexcept { return commandKey_.view(); }
  /// How many alter ids there are; more than 0 allows the legacy header.
  [[nodiscard]] std::uint16_t alterId() const noexcept { return alterId_; }
  /// The e-mail, or empty.
  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  /// How logs call the user: the label, else the first 8 hexadecimal digits of the key below
  /// (KEY-4).
  [[nodiscard]] std::string name() const;
  /// Which user: 32 hexadecimal digits of SHA-256 over the id's canonical text.
  [[nodiscard]] const std::string& key() const noexcept { return key_; }

  /// The ids a legacy header may be authenticated with: the main id, then alterId() alter ids.
  [[nodiscard]] std::vector<crypto::Key16> legacyIds() const;

 private:
  crypto::Key16 id_, commandKey_;
  std::uint16_t alterId_;
  std::string label_, key_;
};

/// The first 16 bytes of a legacy opening: HMAC-MD5 over the time, keyed with one of the user's
/// ids.
crypto::Md5Digest legacyAuth(Bytes id, std::int64_t seconds);

}  // namespace culvert::vmess

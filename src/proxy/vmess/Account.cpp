#include "proxy/vmess/Account.h"

#include "crypto/Digest.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert::vmess {
namespace {

/// `text` without the dashes a UUID may have, if it could be one.
std::string withoutDashes(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t behind = digits.size();
    const bool mayBeDash = behind == 8 || behind == 12 || behind == 16 || behind == 20;
    if (text[i] == '-' && mayBeDash && text[i - 1] != '-') continue;
    digits += text[i];
  }
  return digits;
}

/// A UUID of version 5 in the namespace of all zeros, but for that it is SHA-1 of the text alone
/// (Xray).
Uuid idOfText(std::string_view text) {
  const std::array<std::uint8_t, 16> nothing{};
  const Bytes pieces[] = {nothing, asBytes(text)};
  const crypto::Sha1Digest digest = crypto::sha1(pieces);
  Uuid id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0f) | 0x50);
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3f) | 0x80);
  return id;
}

}  // namespace

Result<Uuid> parseUserId(std::string_view text) {
  std::string digits = withoutDashes(text);
  const Result<Uuid> id = parseUuid(digits);
  wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
  if (id) return id;
  if (text.empty() || text.size() > 30) return Errc::BadHeader;
  return idOfText(text);
}

Uuid nextAlterId(const Uuid& id) {
  std::string buffer(asText(id));
  buffer += "16167dc8-16b6-4e6d-b8bb-65dd68113a81";
  for (;;) {
    const Uuid next = crypto::md5(asBytes(buffer));
    if (next != id) {
      wipe({reinterpret_cast<std::uint8_t*>(buffer.data()), buffer.size()});
      return next;
    }
    buffer += "533eff8a-4113-4b10-b5ce-0f5d76b98cd2";
  }
}

Account::Account(const Uuid& id, std::uint16_t alterId, std::string label)
    : id_(id), commandKey_(vmess::commandKey(id)), alterId_(alterId), label_(std::move(label)) {
  std::string text = toString(id);
  key_ = crypto::toHex(Bytes(crypto::sha256(asBytes(text))).first(16));
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

std::string Account::name() const {
  return label_.empty() ? key_.substr(0, 8) : label_;
}

std::vector<crypto::Key16> Account::legacyIds() const {
  std::vector<crypto::Key16> ids;
  ids.reserve(alterId_ + std::size_t{1});
  ids.emplace_back(id());
  Uuid last;
  std::copy(id().begin(), id().end(), last.begin());
  for (std::size_t i = 0; i < alterId_; ++i) {
    last = nextAlterId(last);
    ids.emplace_back(last);
  }
  wipe(last);
  return ids;
}

crypto::Md5Digest legacyAuth(Bytes id, std::int64_t seconds) {
  std::array<std::uint8_t, 8> time;
  for (std::size_t i = 0; i < time.size(); ++i) {
    time[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(seconds) >> (56 - 8 * i));
  }
  return crypto::hmacMd5(id, time);
}

}  // namespace culvert::vmess

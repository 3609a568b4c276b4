#include "proxy/vmess/Handshake.h"

#include "base/Errc.h"
#include "base/Secret.h"
#include "crypto/Cfb.h"
#include "crypto/Random.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert::vmess {
namespace {

static_assert(Handshake<ServerHandshake>);

Step needMore(std::size_t length) {
  return {Step::Kind::NeedMore, length, {}, {}};
}
Step failed(std::error_code error) {
  return {Step::Kind::Failed, 0, {}, error};
}

/// Plaintext of a header: wiped when it goes, for it holds the body's keys.
template <std::size_t N>
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { wipe(used_); }
  MutableBytes first(std::size_t count) {
    used_ = MutableBytes(bytes_).first(count);
    return used_;
  }

 private:
  std::array<std::uint8_t, N> bytes_;
  MutableBytes used_;
};

}  // namespace

ServerHandshake::ServerHandshake(std::shared_ptr<Users> users, Insecure insecure)
    : users_(std::move(users)), insecure_(insecure) {}

ServerHandshake::ServerHandshake(ServerHandshake&& other) noexcept
    : users_(std::move(other.users_)),
      insecure_(other.insecure_),
      auth_(other.auth_),
      match_(other.match_),
      length_(other.length_),
      request_(std::move(other.request_)),
      mayBurn_(std::exchange(other.mayBurn_, false)),
      last_(other.last_) {}

ServerHandshake::~ServerHandshake() {
  if (mayBurn_) users_->burn(*match_, auth_, last_);
}

Step ServerHandshake::advance(MutableBytes in, Now now) {
  last_ = now;
  if (in.size() < kAuthBytes) return needMore(kAuthBytes);
  if (!match_) {
    std::copy_n(in.begin(), auth_.size(), auth_.begin());
    const Result<Users::Match> match = users_->find(auth_, now);
    if (!match) return failed(match.error());
    match_ = match.value();
    mayBurn_ = match_->kind == HeaderKind::Legacy;
  }
  return match_->kind == HeaderKind::Aead ? advanceAead(in, now) : advanceLegacy(in, now);
}

Step ServerHandshake::advanceAead(Bytes in, Now now) {
  if (in.size() < kAeadPreambleBytes) return needMore(kAeadPreambleBytes);
  if (length_ == 0) {
    const Result<std::size_t> length = openAeadLength(match_->account->commandKey(), in);
    if (!length) return failed(length.error());
    if (length.value() == 0 || length.value() > kMaxAeadRequestBytes)
      return failed(Errc::BadHeader);
    length_ = length.value();
  }
  const std::size_t sealed = length_ + crypto::kAeadTagBytes;
  if (in.size() < kAeadPreambleBytes + sealed) return needMore(kAeadPreambleBytes + sealed);
  Scratch<kMaxAeadRequestBytes + crypto::kAeadTagBytes> scratch;
  const MutableBytes plain = scratch.first(sealed);
  const Result<void> opened = openAeadRequest(match_->account->commandKey(), in, plain);
  if (!opened) return failed(opened.error());
  return decide(plain.first(length_), kAeadPreambleBytes + sealed, now);
}

Step ServerHandshake::advanceLegacy(Bytes in, Now now) {
  const Bytes sealed = in.subspan(kAuthBytes, std::min(in.size() - kAuthBytes, kMaxRequestBytes));
  Scratch<kMaxRequestBytes> scratch;
  const MutableBytes plain = scratch.first(sealed.size());
  crypto::AesCfb cipher(crypto::Way::Decrypt, match_->account->commandKey(),
                        legacyHeaderIv(match_->seconds).view());
  cipher.apply(sealed, plain);
  const std::size_t length = requestLength(plain);
  if (length > plain.size()) return needMore(kAuthBytes + length);
  const Step step = decide(plain.first(length), kAuthBytes + length, now);
  mayBurn_ = false;
  if (step.kind == Step::Kind::Failed) users_->burn(*match_, auth_, now);
  return step;
}

Step ServerHandshake::decide(Bytes plain, std::size_t used, Now now) {
  Result<RequestHeader> request = parseRequest(plain);
  if (!request) return failed(request.error());
  const Security security = request.value().security;
  if (insecure_ == Insecure::Refused &&
      (security == Security::None || security == Security::Legacy)) {
    return failed(Errc::Refused);
  }
  const Result<void> admitted = users_->admit(*match_, auth_, request.value().keys, now);
  if (!admitted) return failed(admitted.error());
  request_ = std::move(request).value();
  return {Step::Kind::Done, used, {}, {}};
}

// ---- The client's side.

namespace {

/// A header with everything fresh in it, and its plaintext with 0 to 15 bytes of padding.
RequestHeader freshRequest(const ClientWish& wish, Buffer& plain) {
  RequestHeader header;
  crypto::fillRandom(header.keys.key.bytes());
  crypto::fillRandom(header.keys.iv.bytes());
  header.v = crypto::randomBytes<1>()[0];
  header.option = wish.option;
  header.security = wish.security;
  header.command = wish.command;
  header.target = wish.target;
  std::array<std::uint8_t, 15> padding;
  const MutableBytes used = MutableBytes(padding).first(crypto::randomBelow(16));
  crypto::fillRandom(used);
  appendRequest(plain, header, used);
  return header;
}

}  // namespace

std::uint8_t usualOptions(Security security, bool zero, bool sealedLength, Command command) {
  switch (security) {
    case Security::Aes128Gcm:
    case Security::ChaCha20Poly1305:
      return static_cast<std::uint8_t>(option::kChunks | option::kMaskedLength | option::kPadding |
                                       (sealedLength ? option::kSealedLength : 0));
    case Security::None:
      if (!zero) return option::kChunks | option::kMaskedLength;
      return command == Command::Udp ? option::kChunks : std::uint8_t{0};
    case Security::Legacy:
      break;
  }
  return option::kChunks;
}

ClientBody openAead(Bytes commandKey, const ClientWish& wish, Now now) {
  Buffer plain, opening;
  const RequestHeader header = freshRequest(wish, plain);
  const AeadStamp stamp = {now.unixSeconds(), crypto::randomBytes<4>(), crypto::randomBytes<8>()};
  sealAeadRequest(opening, commandKey, stamp, plain.view());
  wipe(plain.bytes());
  return {HeaderKind::Aead, header, std::move(opening)};
}

ClientBody openLegacy(Bytes commandKey, Bytes id, const ClientWish& wish, Now now) {
  Buffer plain, opening;
  const RequestHeader header = freshRequest(wish, plain);
  const std::int64_t seconds = now.unixSeconds() - 30 + crypto::randomBelow(60);
  sealLegacyRequest(opening, commandKey, id, seconds, plain.view());
  wipe(plain.bytes());
  return {HeaderKind::Legacy, header, std::move(opening)};
}

}  // namespace culvert::vmess

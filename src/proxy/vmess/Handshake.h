// The opening of a VMess connection, at both ends.  Pure: bytes and the time in, a decision out.
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"
#include "base/Clock.h"
#include "base/Destination.h"
#include "net/Codec.h"
#include "proxy/vmess/Body.h"
#include "proxy/vmess/Header.h"
#include "proxy/vmess/Users.h"
#include "proxy/vmess/Vmess.h"

#include <cstddef>
#include <memory>
#include <optional>

namespace culvert::vmess {

/// Which bodies an inbound takes.
enum class Insecure { Allowed, Refused };

/// Reads a client's opening.  Whatever does not please fails alike; the caller must not show it
/// (AUTH-5).
class ServerHandshake {
 public:
  /// A client has 42 bytes of preamble, then at most this much.
  static constexpr std::size_t kMaxOpeningBytes =
      kAeadPreambleBytes + kMaxAeadRequestBytes + crypto::kAeadTagBytes;

  /// `insecure`: whether bodies without encryption or integrity (None, Legacy) are taken.
  ServerHandshake(std::shared_ptr<Users> users, Insecure insecure);
  ServerHandshake(ServerHandshake&& other) noexcept;
  ServerHandshake& operator=(ServerHandshake&&) = delete;
  ServerHandshake(const ServerHandshake&) = delete;
  ServerHandshake& operator=(const ServerHandshake&) = delete;
  /// A legacy opening that was not finished burns its hash: somebody may have cut it short.
  ~ServerHandshake();

  /// `in` is all that came from the first byte on.  NeedMore: `used` is how much there must be
  /// before it is worth asking again.  After Done or Failed it is not asked again.
  Step advance(MutableBytes in, Now now);

  // After Done.
  [[nodiscard]] const Account& account() const noexcept { return *match_->account; }
  [[nodiscard]] const RequestHeader& request() const noexcept { return *request_; }
  [[nodiscard]] HeaderKind kind() const noexcept { return match_->kind; }
  [[nodiscard]] ServerBody makeBody() const { return {match_->kind, *request_}; }

 private:
  Step advanceAead(Bytes in, Now now);
  Step advanceLegacy(Bytes in, Now now);
  Step decide(Bytes plain, std::size_t used, Now now);

  std::shared_ptr<Users> users_;
  Insecure insecure_;
  AuthId auth_{};
  std::optional<Users::Match> match_;
  std::size_t length_ = 0;  ///< AEAD: of the header, once it is known
  std::optional<RequestHeader> request_;
  bool mayBurn_ = false;  ///< a legacy hash that matched and has not proved good
  Now last_{};
};

/// What a client wants.
struct ClientWish {
  Security security = Security::Aes128Gcm;
  std::uint8_t option = 0;
  Command command = Command::Tcp;
  Destination target;
};

/// The options V2Ray's clients send for a security, with authenticated lengths where they are asked
/// for. `zero`: security None without chunks, but for datagrams, which need their borders.
std::uint8_t usualOptions(Security security, bool zero, bool sealedLength, Command command);

/// A fresh AEAD request of the user with this command key, and the body behind it.
ClientBody openAead(Bytes commandKey, const ClientWish& wish, Now now);
/// The same with a legacy header, authenticated with `id`, one of the user's legacy ids.
ClientBody openLegacy(Bytes commandKey, Bytes id, const ClientWish& wish, Now now);

}  // namespace culvert::vmess

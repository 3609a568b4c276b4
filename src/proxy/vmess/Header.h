// Request and response headers as plaintext, and how they are sealed (drawings: Vmess.h).  Pure
// functions.
#pragma once

#include "base/Buffer.h"
#include "base/Destination.h"
#include "base/Result.h"
#include "proxy/vmess/Account.h"
#include "proxy/vmess/Keys.h"
#include "proxy/vmess/Vmess.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace culvert::vmess {

struct RequestHeader {
  BodyKeys keys;
  std::uint8_t v = 0;  ///< the response repeats it
  std::uint8_t option = 0;
  Security security = Security::Aes128Gcm;
  Command command = Command::Tcp;
  Destination target;  ///< for command Mux the pseudo-host, port 0
};

/// The target of command Mux.
Destination muxTarget();

/// Appends the plaintext header with `padding` (at most 15 bytes) and its checksum.  A target name
/// must be 1 to 255 bytes long.
void appendRequest(Buffer& out, const RequestHeader& header, Bytes padding);

/// How long the header that begins with `prefix` is, or, while that cannot be told yet, how many
/// bytes it takes to get further: complete when the answer is at most prefix.size().  At most
/// kMaxRequestBytes.
std::size_t requestLength(Bytes prefix) noexcept;
constexpr std::size_t kMaxRequestBytes = 38 + 2 + 1 + 1 + 255 + 15 + 4;

/// Whether the checksum of a whole header is right; bytes behind requestLength() do not count.
bool hasGoodChecksum(Bytes plain) noexcept;

/// Reads a whole header; bytes behind the checksum are ignored, as V2Ray does, and so are version,
/// reserved byte and unknown option bits.  Errc::BadHeader for a wrong checksum, a security or
/// command nobody may send, padding without masking; Errc::BadAddress for the target;
/// Errc::Truncated.
Result<RequestHeader> parseRequest(Bytes plain);

// ---- Sealed requests.

using AuthId = std::array<std::uint8_t, kAuthBytes>;

/// 16: auth id; 18: sealed length; 8: nonce.
constexpr std::size_t kAeadPreambleBytes = kAuthBytes + 18 + 8;
/// A longer plaintext is refused, though V2Ray has no limit.
constexpr std::size_t kMaxAeadRequestBytes = 2048;

/// What goes into a sealed request besides the header.
struct AeadStamp {
  std::int64_t seconds = 0;  ///< since 1970
  std::array<std::uint8_t, 4> random{};
  std::array<std::uint8_t, 8> nonce{};
};

/// The block an auth id is before it is encrypted.
std::array<std::uint8_t, 16> authBlock(std::int64_t seconds,
                                       const std::array<std::uint8_t, 4>& random);
/// The time in a decrypted auth id, or nothing when its checksum is wrong or the time is before
/// 1970.
std::optional<std::int64_t> secondsOf(const std::array<std::uint8_t, 16>& block);
/// Key of the auth id.
crypto::Key16 authIdKey(Bytes commandKey);

/// Appends the sealed form of `plain`.
void sealAeadRequest(Buffer& out, Bytes commandKey, const AeadStamp& stamp, Bytes plain);
/// Opens the length in the first kAeadPreambleBytes of an opening; Errc::BadTag.
Result<std::size_t> openAeadLength(Bytes commandKey, Bytes opening);
/// Opens a header of `length` bytes behind the preamble into `plain`, which is `length` + 16 bytes
/// long.
Result<void> openAeadRequest(Bytes commandKey, Bytes opening, MutableBytes plain);

/// Appends the legacy form of `plain`, authenticated with one of the user's ids.
void sealLegacyRequest(Buffer& out, Bytes commandKey, Bytes id, std::int64_t seconds, Bytes plain);
/// The IV of a legacy header.
crypto::Key16 legacyHeaderIv(std::int64_t seconds);

// ---- Responses.

struct ResponseHeader {
  std::uint8_t v = 0;
  std::uint8_t command = 0;
  Bytes commandData;  ///< at most 255 bytes, where they lay
};

/// Appends V, no options, and the command; nothing but its number 0 when there is none.
void appendResponse(Buffer& out, const ResponseHeader& header);
/// Errc::Truncated when bytes are missing; bytes behind it are ignored.
Result<ResponseHeader> parseResponse(Bytes plain);

constexpr std::size_t kSealedResponseLengthBytes = 18;
constexpr std::size_t kMaxResponseBytes = 4 + 255;

/// Appends the AEAD form of `plain`.
void sealAeadResponse(Buffer& out, const BodyKeys& response, Bytes plain);
/// Opens the length (18 bytes, in place); Errc::BadTag, Errc::BadHeader when no header can be so
/// long.
Result<std::size_t> openAeadResponseLength(const BodyKeys& response, MutableBytes sealed);
/// Opens the rest in place; the plaintext is all but the last 16 bytes.
Result<Bytes> openAeadResponse(const BodyKeys& response, MutableBytes sealed);

/// Where a response command of id 1 wants to send the client.
struct SwitchAccount {
  std::string host;  ///< empty: the same
  std::uint16_t port = 0;
};
/// Reads one for the log; a server must not be able to redirect a bridge (AUTH-8).  Nothing:
/// damaged.
std::optional<SwitchAccount> parseSwitchAccount(Bytes commandData);

}  // namespace culvert::vmess

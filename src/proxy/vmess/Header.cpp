#include "proxy/vmess/Header.h"

#include "base/Assert.h"
#include "base/Cursor.h"
#include "crypto/Aead.h"
#include "crypto/AesBlock.h"
#include "crypto/Cfb.h"
#include "crypto/Checksum.h"
#include "net/WireAddress.h"

#include <algorithm>
#include <utility>

namespace culvert::vmess {
namespace {

using crypto::kAeadTagBytes;

constexpr std::size_t kFixedBytes = 38;
constexpr std::size_t kPaddingAndSecurity = 35, kCommand = 37, kAddressType = 40;
constexpr std::size_t kChecksumBytes = 4;

bool hasAddress(std::uint8_t command) noexcept {
  return command == static_cast<std::uint8_t>(Command::Tcp) ||
         command == static_cast<std::uint8_t>(Command::Udp);
}

/// As on the wire; nothing for what nobody may send.
std::optional<Security> securityOf(std::uint8_t value) noexcept {
  switch (value) {
    case 0:
    case 1:
      return Security::Legacy;
    case 3:
      return Security::Aes128Gcm;
    case 4:
      return Security::ChaCha20Poly1305;
    case 5:
      return Security::None;
    default:
      return std::nullopt;
  }
}

crypto::AeadSealer gcmSealer(const crypto::Key16& key) {
  return {crypto::AeadAlgorithm::Aes128Gcm, key.view()};
}
crypto::AeadOpener gcmOpener(const crypto::Key16& key) {
  return {crypto::AeadAlgorithm::Aes128Gcm, key.view()};
}

void appendSealed(Buffer& out, const crypto::Key16& key, const crypto::AeadNonce& nonce,
                  Bytes associated, Bytes plain) {
  gcmSealer(key).seal(nonce, associated, plain, out.grow(plain.size() + kAeadTagBytes));
}

std::array<std::uint8_t, 2> be16(std::size_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

}  // namespace

Destination muxTarget() {
  return {Network::Tcp, std::string(kMuxHost), 0};
}

void appendRequest(Buffer& out, const RequestHeader& header, Bytes padding) {
  CULVERT_ASSERT(padding.size() <= 15);
  const std::size_t begin = out.size();
  out.append(std::uint8_t{1});
  out.append(header.keys.iv.view());
  out.append(header.keys.key.view());
  out.append(header.v);
  out.append(header.option);
  out.append(
      static_cast<std::uint8_t>(padding.size() << 4 | static_cast<std::size_t>(header.security)));
  out.append(std::uint8_t{0});
  out.append(static_cast<std::uint8_t>(header.command));
  if (header.command != Command::Mux) {
    appendWireAddress(out, header.target.host, header.target.port);
  }
  out.append(padding);
  out.appendU32be(crypto::fnv1a32(out.view().subspan(begin)));
}

std::size_t requestLength(Bytes prefix) noexcept {
  if (prefix.size() < kFixedBytes) return kFixedBytes;
  const std::size_t behind = (prefix[kPaddingAndSecurity] >> 4) + kChecksumBytes;
  if (!hasAddress(prefix[kCommand])) return kFixedBytes + behind;
  constexpr std::size_t kAddress = kAddressType + 1;
  if (prefix.size() < kAddress) return kAddress;
  switch (prefix[kAddressType]) {
    case 1:
      return kAddress + 4 + behind;
    case 2:
      return prefix.size() < kAddress + 1 ? kAddress + 1 : kAddress + 1 + prefix[kAddress] + behind;
    case 3:
      return kAddress + 16 + behind;
    default:
      return kAddress;  // nobody knows where this one ends
  }
}

bool hasGoodChecksum(Bytes plain) noexcept {
  const std::size_t length = requestLength(plain);
  if (length > plain.size() || length < kFixedBytes + kChecksumBytes) return false;
  Cursor checksum(plain.first(length).last(kChecksumBytes));
  return crypto::fnv1a32(plain.first(length - kChecksumBytes)) == checksum.u32be();
}

Result<RequestHeader> parseRequest(Bytes plain) {
  if (requestLength(plain) > plain.size()) return Errc::Truncated;
  Cursor in(plain);
  RequestHeader header;
  in.u8();  // the version: V2Ray does not look at it either
  header.keys.iv = crypto::Key16(in.take(16));
  header.keys.key = crypto::Key16(in.take(16));
  header.v = in.u8();
  header.option = in.u8();
  const std::uint8_t paddingAndSecurity = in.u8();
  in.u8();
  const std::uint8_t command = in.u8();

  if (!hasGoodChecksum(plain)) return Errc::BadHeader;
  const std::optional<Security> security = securityOf(paddingAndSecurity & 0x0f);
  if (!security) return Errc::BadHeader;
  header.security = *security;
  if ((header.option & option::kPadding) != 0 && (header.option & option::kMaskedLength) == 0) {
    return Errc::BadHeader;
  }
  header.command = static_cast<Command>(command);
  if (header.command == Command::Mux) {
    header.target = muxTarget();
    return header;
  }
  if (!hasAddress(command)) return Errc::BadHeader;
  Result<Destination> target =
      parseWireAddress(in, header.command == Command::Udp ? Network::Udp : Network::Tcp);
  if (!target) return target.error();
  header.target = std::move(target).value();
  return header;
}

std::array<std::uint8_t, 16> authBlock(std::int64_t seconds,
                                       const std::array<std::uint8_t, 4>& random) {
  std::array<std::uint8_t, 16> block;
  for (std::size_t i = 0; i < 8; ++i) {
    block[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(seconds) >> (56 - 8 * i));
  }
  std::copy(random.begin(), random.end(), block.begin() + 8);
  const std::uint32_t checksum = crypto::crc32(Bytes(block).first(12));
  for (std::size_t i = 0; i < 4; ++i) {
    block[12 + i] = static_cast<std::uint8_t>(checksum >> (24 - 8 * i));
  }
  return block;
}

std::optional<std::int64_t> secondsOf(const std::array<std::uint8_t, 16>& block) {
  Cursor in{Bytes(block)};
  const auto seconds = static_cast<std::int64_t>(in.u64be());
  in.u32be();
  if (crypto::crc32(Bytes(block).first(12)) != in.u32be() || seconds < 0) return std::nullopt;
  return seconds;
}

crypto::Key16 authIdKey(Bytes commandKey) {
  return kdf16(commandKey, {asBytes(salt::kAuthId)});
}

void sealAeadRequest(Buffer& out, Bytes commandKey, const AeadStamp& stamp, Bytes plain) {
  crypto::AesBlock cipher(crypto::Way::Encrypt, authIdKey(commandKey).view());
  const AuthId id = cipher.apply(authBlock(stamp.seconds, stamp.random));
  out.append(id);
  appendSealed(out, kdf16(commandKey, {asBytes(salt::kRequestLengthKey), id, stamp.nonce}),
               kdf12(commandKey, {asBytes(salt::kRequestLengthNonce), id, stamp.nonce}), id,
               be16(plain.size()));
  out.append(stamp.nonce);
  appendSealed(out, kdf16(commandKey, {asBytes(salt::kRequestKey), id, stamp.nonce}),
               kdf12(commandKey, {asBytes(salt::kRequestNonce), id, stamp.nonce}), id, plain);
}

Result<std::size_t> openAeadLength(Bytes commandKey, Bytes opening) {
  const Bytes id = opening.first(kAuthBytes), nonce = opening.subspan(kAuthBytes + 18, 8);
  std::array<std::uint8_t, 18> sealed;
  std::copy_n(opening.begin() + kAuthBytes, sealed.size(), sealed.begin());
  crypto::AeadOpener opener =
      gcmOpener(kdf16(commandKey, {asBytes(salt::kRequestLengthKey), id, nonce}));
  if (!opener.open(kdf12(commandKey, {asBytes(salt::kRequestLengthNonce), id, nonce}), id,
                   sealed)) {
    return Errc::BadTag;
  }
  return std::size_t{sealed[0]} << 8 | sealed[1];
}

Result<void> openAeadRequest(Bytes commandKey, Bytes opening, MutableBytes plain) {
  const Bytes id = opening.first(kAuthBytes), nonce = opening.subspan(kAuthBytes + 18, 8);
  const Bytes sealed = opening.subspan(kAeadPreambleBytes, plain.size());
  std::copy(sealed.begin(), sealed.end(), plain.begin());
  crypto::AeadOpener opener = gcmOpener(kdf16(commandKey, {asBytes(salt::kRequestKey), id, nonce}));
  if (!opener.open(kdf12(commandKey, {asBytes(salt::kRequestNonce), id, nonce}), id, plain)) {
    return Errc::BadTag;
  }
  return {};
}

crypto::Key16 legacyHeaderIv(std::int64_t seconds) {
  std::array<std::uint8_t, 32> times;
  for (std::size_t i = 0; i < times.size(); ++i) {
    times[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(seconds) >> (56 - 8 * (i % 8)));
  }
  return crypto::Key16(crypto::md5(Bytes(times)));
}

void sealLegacyRequest(Buffer& out, Bytes commandKey, Bytes id, std::int64_t seconds, Bytes plain) {
  out.append(legacyAuth(id, seconds));
  crypto::AesCfb cipher(crypto::Way::Encrypt, commandKey, legacyHeaderIv(seconds).view());
  cipher.apply(plain, out.grow(plain.size()));
}

void appendResponse(Buffer& out, const ResponseHeader& header) {
  CULVERT_ASSERT(header.commandData.size() <= 255);
  out.append(header.v);
  out.append(std::uint8_t{0});
  out.append(header.command);
  out.append(static_cast<std::uint8_t>(header.command == 0 ? 0 : header.commandData.size()));
  if (header.command != 0) out.append(header.commandData);
}

Result<ResponseHeader> parseResponse(Bytes plain) {
  Cursor in(plain);
  ResponseHeader header;
  header.v = in.u8();
  in.u8();
  header.command = in.u8();
  const std::uint8_t length = in.u8();
  if (header.command != 0) header.commandData = in.take(length);
  return in.done(header);
}

void sealAeadResponse(Buffer& out, const BodyKeys& response, Bytes plain) {
  const Bytes key = response.key.view(), iv = response.iv.view();
  appendSealed(out, kdf16(key, {asBytes(salt::kResponseLengthKey)}),
               kdf12(iv, {asBytes(salt::kResponseLengthNonce)}), {}, be16(plain.size()));
  appendSealed(out, kdf16(key, {asBytes(salt::kResponseKey)}),
               kdf12(iv, {asBytes(salt::kResponseNonce)}), {}, plain);
}

Result<std::size_t> openAeadResponseLength(const BodyKeys& response, MutableBytes sealed) {
  CULVERT_ASSERT(sealed.size() == kSealedResponseLengthBytes);
  crypto::AeadOpener opener =
      gcmOpener(kdf16(response.key.view(), {asBytes(salt::kResponseLengthKey)}));
  if (!opener.open(kdf12(response.iv.view(), {asBytes(salt::kResponseLengthNonce)}), {}, sealed)) {
    return Errc::BadTag;
  }
  const std::size_t length = std::size_t{sealed[0]} << 8 | sealed[1];
  if (length < 4 || length > kMaxAeadRequestBytes) return Errc::BadHeader;
  return length;
}

Result<Bytes> openAeadResponse(const BodyKeys& response, MutableBytes sealed) {
  crypto::AeadOpener opener = gcmOpener(kdf16(response.key.view(), {asBytes(salt::kResponseKey)}));
  if (!opener.open(kdf12(response.iv.view(), {asBytes(salt::kResponseNonce)}), {}, sealed)) {
    return Errc::BadTag;
  }
  return Bytes(sealed.first(sealed.size() - kAeadTagBytes));
}

std::optional<SwitchAccount> parseSwitchAccount(Bytes commandData) {
  Cursor in(commandData);
  const std::uint32_t checksum = in.u32be();
  if (in.underrun() || crypto::fnv1a32(commandData.subspan(4)) != checksum) return std::nullopt;
  SwitchAccount wish;
  wish.host = in.text(in.u8());
  wish.port = in.u16be();
  in.take(16);  // the id there
  in.u16be();   // its alter ids
  in.u8();      // level
  in.u8();      // minutes
  if (in.underrun()) return std::nullopt;
  return wish;
}

}  // namespace culvert::vmess

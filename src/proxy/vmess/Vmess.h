// VMess: one request over one reliable byte stream, encrypted under a user's id.
//
//   client -> server :  [auth 16][sealed request header][chunk]...[end chunk]
//   server -> client :  [response header][chunk]............[end chunk]
//
// There is no handshake: the client's header is followed by body at once, and the response header
// may come minutes later, with the first response data.  The client chooses the kind of header and
// the body's options; both hold in both directions.
//
// Request header, AEAD (KDF: Keys.h; GCM: AES-128-GCM with the auth id as associated data):
//
//   +----------------+-----------------+--------+----------------------+
//   |  auth id (16)  | GCM(length) 18  | nonce8 |  GCM(header) L + 16  |
//   +----------------+-----------------+--------+----------------------+
//   auth id = AES-128(seconds be64 | random 4 | CRC32 be32)
//
// Request header, legacy (no integrity but a checksum; only for users with alter ids):
//
//   +----------------------------------+-------------------------------+
//   |  HMAC-MD5(an id, seconds)  (16)  |  AES-128-CFB(header)          |
//   +----------------------------------+-------------------------------+
//
// The header itself, in both:
//
//   +---+----+-----+---+-----+---------+---+-----+-----------------------+-----+-------+
//   | 1 | IV | Key | V | Opt | P | Sec | 0 | Cmd | port type address     | pad |  FNV  |
//   | 1 | 16 | 16  | 1 |  1  | 4b| 4b  | 1 |  1  | (not for Cmd 3)       |  P  |   4   |
//   +---+----+-----+---+-----+---------+---+-----+-----------------------+-----+-------+
//
// Response header: V | options | command | length M | M bytes; AEAD sealed in two parts (length,
// then header) or AES-128-CFB.
//
// Chunk:
//
//   +--------------------+--------------------+------------------+
//   | length (2 or 18)   |   sealed payload   | padding (0..63)  |
//   +--------------------+--------------------+------------------+
//
// The length counts payload and padding; it is plain, masked by a SHAKE128 stream (M) or sealed
// (A).  An empty payload ends the direction.  The nonce of chunk n begins with n in 16 bits, so it
// repeats after 65 536 chunks (CRY-2).
//
// Sources: V2Ray's documentation, "VMess protocol"; v2ray-core proxy/vmess, checked against
// v2ray 4.34.0 and 5.1.0.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace culvert::vmess {

/// How far a client's clock may be off, inclusive.
constexpr std::chrono::seconds kClockWindow{120};

constexpr std::size_t kAuthBytes = 16;

/// What a request asks for.
enum class Command : std::uint8_t { Tcp = 1, Udp = 2, Mux = 3 };

/// How the body is protected, as written on the wire (0 there means Legacy).
enum class Security : std::uint8_t {
  Legacy = 1,  ///< AES-128-CFB and a checksum
  Aes128Gcm = 3,
  ChaCha20Poly1305 = 4,
  None = 5,
};

/// Bits of Opt.  The others are ignored.
namespace option {
constexpr std::uint8_t kChunks = 0x01;        ///< S
constexpr std::uint8_t kMaskedLength = 0x04;  ///< M
constexpr std::uint8_t kPadding = 0x08;       ///< P, only with M
constexpr std::uint8_t kSealedLength = 0x10;  ///< A
}  // namespace option

/// The kind of request header; the response header is of the same kind.
enum class HeaderKind : std::uint8_t { Aead, Legacy };

/// The target that stands for "this stream carries a mux": command Mux, or a TCP request to this
/// name.
constexpr std::string_view kMuxHost = "v1.mux.cool";

/// Payload of the chunks we send, at most: their length stays below 16 384, which every known peer
/// reads.
constexpr std::size_t kMaxSentPayload = 15'000;
/// The longest chunk behind its length field that we accept.
constexpr std::size_t kMaxChunk = 65'535;
constexpr std::size_t kMaxPadding = 63;

}  // namespace culvert::vmess

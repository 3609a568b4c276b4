// What a protocol is to the streams: a pure state machine over bytes, without sockets, clocks or
// heap per chunk.  CodecStream turns any Stream into another with a Codec; Greeter drives a
// Handshake.
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"
#include "base/Clock.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace culvert {

/// What became of some input.
struct Step {
  enum class Kind {
    NeedMore,  ///< the input is a prefix of something longer; `used` is the length that would
               ///< suffice
    Frame,   ///< `used` bytes were one frame; `plain` is its payload, decoded where it lay (may be
             ///< empty)
    Done,    ///< `used` bytes were the last ones; no more follows
    Failed,  ///< `error`; nothing of this input may be delivered
  } kind = Kind::NeedMore;
  std::size_t used = 0;
  MutableBytes plain = {};
  std::error_code error = {};
};

/// A protocol's body, both directions.
///
/// seal() appends frames to `out`; the last one may stay open, so that what is sealed next shares
/// it, until flush() closes it.  Between seal() and flush() `out` is only appended to by the codec
/// itself. On a packet codec one seal() is one datagram and one Frame is one datagram.
template <class C>
concept Codec = requires(C codec, const C look, MutableBytes wire, Pieces plain, Buffer& out) {
  { codec.open(wire) } -> std::same_as<Step>;
  { codec.seal(plain, out) } -> std::same_as<void>;
  { codec.flush(out) } -> std::same_as<void>;
  { codec.finish(out) } -> std::same_as<void>;  ///< the terminator, if the protocol has one
  { look.packets() } -> std::convertible_to<bool>;
  /// Whether the lower stream may end here without bytes being missing.  Asked between frames only.
  { look.cleanEnd() } -> std::convertible_to<bool>;
  { look.sealed() } -> std::convertible_to<std::uint64_t>;  ///< frames so far
  { look.opened() } -> std::convertible_to<std::uint64_t>;
  /// The longest input open() may still call a prefix; bounds what is buffered.
  { C::kMaxFrameBytes } -> std::convertible_to<std::size_t>;
};

/// A protocol's opening words at the accepting end.  advance() sees all bytes from the first on,
/// again and again with more of them, until Done: then `used` bytes were the opening and the rest
/// is body.
template <class H>
concept Handshake = requires(H handshake, MutableBytes in, Now now) {
  { handshake.advance(in, now) } -> std::same_as<Step>;
  { H::kMaxOpeningBytes } -> std::convertible_to<std::size_t>;
};

}  // namespace culvert

// The messages of the control session: a small protobuf (proto3).
//
//   field   1  varint  state: 0 active (left out), 1 drain
//   field  99  bytes   padding
//   field 200  varint  feature bits: offered by the portal, accepted by the bridge     (between
//   Culverts) field 201  varint  milliseconds between the portal's messages (between Culverts)
//   field 202  bytes   16 random bytes of the bridge's process                         (between
//   Culverts)
//
// Fields come in any order; others are skipped, which is what V2Ray does with the last three.
// Source: v2ray-core app/reverse/config.proto and its Go reader.
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"
#include "base/Result.h"

#include <cstdint>
#include <optional>
#include <string>

namespace culvert::reverse {

namespace feature {
constexpr std::uint64_t kHalfClose = 0x01;
constexpr std::uint64_t kCredits = 0x02;
constexpr std::uint64_t kOrigin = 0x04;  ///< the visitor's address behind New (Origin.h)
constexpr std::uint64_t kAll = kHalfClose | kCredits | kOrigin;
}  // namespace feature

struct Control {
  enum class State { Active, Drain };

  State state = State::Active;
  std::optional<std::uint64_t> features = {};
  std::optional<std::uint64_t> beatMilliseconds = {};
  std::string instance = {};  ///< empty: none
  std::string padding = {};

  bool operator==(const Control&) const = default;
};

/// Appends `message`; an active one without anything is no bytes at all.
void append(Buffer& out, const Control& message);

/// Errc::BadFrame for what is no protobuf.
Result<Control> parseControl(Bytes bytes);

}  // namespace culvert::reverse

// Mux.Cool frames: the unit in which sessions share a link.
//
//   +--------+------+--------+--------+------------------------+----------+--------+------------+
//   | length |  id  | status | option | network, port, address | trailing | length |    data    |
//   |  be16  | be16 |   u8   |   u8   |  (New; Keep of a UDP)  |          |  be16  | (data bit) |
//   +--------+------+--------+--------+------------------------+----------+--------+------------+
//
// The first length counts from `id` to the end of the trailing bytes, 4 to 512; the last two fields
// are there only with option bit 0x01.  There is no preface: a stream begins with a frame. Source:
// V2Ray's "Mux.Cool" page; v2ray-core common/mux/frame.go; XUDP's Keep with an address: Xray-core
// common/xudp.
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"
#include "base/Destination.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace culvert::mux {

using SessionId = std::uint16_t;

enum class Status : std::uint8_t { New = 1, Keep = 2, End = 3, KeepAlive = 4 };

namespace option {
constexpr std::uint8_t kData = 0x01;
constexpr std::uint8_t kError = 0x02;  ///< End: a reset
constexpr std::uint8_t kHalfClose =
    0x04;  ///< Keep: no more data from here (agreed between Culverts)
}  // namespace option

constexpr std::size_t kMinMetadataBytes = 4, kMaxMetadataBytes = 512;
/// Data in one frame we send: frame and header fill one VMess chunk of 15 000 bytes.
constexpr std::size_t kMaxSentDataBytes = 14'992;
constexpr std::size_t kMaxDataBytes = 65'535;
/// V2Ray takes a longer datagram for a fatal error of the whole link.
constexpr std::size_t kMaxV2RayDatagramBytes = 2'048;
constexpr std::size_t kMaxDatagramBytes = 65'507;

/// Everything of a frame but its data.
struct FrameHead {
  SessionId id = 0;
  Status status = Status::KeepAlive;
  std::uint8_t options = 0;
  /// New: the target.  Keep: the datagram's own address, where there is one.
  std::optional<Destination> address;
  /// New with a name that cannot be one: this session is refused, the link goes on.
  bool badTarget = false;
  /// What follows the address; valid until the reader's next call.
  Bytes trailing;
  std::size_t dataBytes = 0;

  [[nodiscard]] bool has(std::uint8_t bit) const noexcept { return (options & bit) != 0; }
};

/// The head of a frame without address, in place: 6 bytes, 8 with data.
class ShortHead {
 public:
  ShortHead(SessionId id, Status status, std::uint8_t options = 0);
  /// With option::kData set and `dataBytes` announced.
  ShortHead(SessionId id, Status status, std::uint8_t options, std::size_t dataBytes);
  [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<std::uint8_t, 8> bytes_;
  std::size_t size_;
};

/// Appends a New frame for `target` (its name 1 to 255 bytes), `trailing` behind the address, with
/// `data` when there is some.
void appendNew(Buffer& out, SessionId id, const Destination& target, Bytes trailing, Bytes data);

/// Reads frames from a stream cut anywhere.  Pure; holds back at most one head, or one frame's data
/// after collect().
class FrameReader {
 public:
  struct Event {
    enum class Kind {
      NeedMore,  ///< the input is used up
      Head,      ///< head() is the next frame's; its data, if any, follows
      Data,      ///< some of the frame's data; `last`: no more of it
      Failed,    ///< not a frame; nothing more can be read
    } kind = Kind::NeedMore;
    MutableBytes data = {};
    bool last = false;
    std::error_code error = {};
  };

  /// The next event of `input`, which loses what was used.  Data lies in the input, or in the
  /// reader until the next call.
  Event next(MutableBytes& input);
  /// After Head: the data shall come as one event (a datagram, a message).
  void collect() noexcept { collecting_ = true; }
  [[nodiscard]] const FrameHead& head() const noexcept { return head_; }
  /// Whether the stream may end here.
  [[nodiscard]] bool isBetweenFrames() const noexcept { return held_.empty() && !inData_; }

 private:
  Event readHead(MutableBytes& input);
  Event readData(MutableBytes& input);
  [[nodiscard]] std::error_code parseHead(Bytes metadata);
  void dropHeld() noexcept;

  FrameHead head_;
  Buffer held_;
  std::size_t dataLeft_ = 0;
  bool inData_ = false, collecting_ = false, dropHeld_ = false, failed_ = false;
};

}  // namespace culvert::mux

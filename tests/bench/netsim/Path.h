// One direction of a simulated path: what happens to a packet between two interfaces, and when it
// comes out.  No descriptors and no clock: told the time in nanoseconds, it tells when to ask
// again.
//
//   offered ─> lost? too big for the hole? ─> queue in front of the line (rate) ─> delay, jitter
//                                                  full: dropped                      ─> due
//
// The line sends one packet after the other; a packet is as long as its bytes on the wire, so one
// that the kernel left uncut (segmentation offload) counts as the packets it stands for, their
// heads included, and is lost, queued and delivered as a whole.  Jitter never changes the order:
// the delay of the whole path wanders.  Reordering does: one packet is held back by 1 to 5 ms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace culvert::netsim {

using Nanoseconds = std::int64_t;
constexpr Nanoseconds kMillisecond = 1'000'000;

struct PathSettings {
  Nanoseconds delay = 0;
  Nanoseconds jitter = 0;  ///< the delay wanders by up to this, both ways
  double loss = 0;         ///< probabilities, 0 to 1
  double duplicate = 0;
  double reorder = 0;
  double bitsPerSecond = 0;   ///< 0: the line takes no time
  Nanoseconds queue = 0;      ///< how long a packet may wait for the line
  std::size_t holeBytes = 0;  ///< larger packets vanish; 0: none
};

struct PathCounts {
  std::uint64_t packets = 0, bytes = 0;  ///< offered, as on the wire
  std::uint64_t reads = 0;               ///< offered, as the kernel gave them
  std::uint64_t delivered = 0;           ///< reads' worth, duplicates included
  std::uint64_t lost = 0, hole = 0, queueFull = 0, noRoom = 0;
  std::uint64_t duplicated = 0, reordered = 0;
  Nanoseconds longestQueue = 0;
};

struct Unmapper {
  std::size_t size = 0;
  void operator()(std::uint8_t* memory) const noexcept;
};

class Path {
 public:
  /// A place for one packet.
  struct Slot {
    std::uint8_t* data;
    std::size_t size;
  };
  /// What the owner knows of a packet it filled in.
  struct Packet {
    std::size_t size = 0;       ///< bytes in the slot
    std::size_t wireBytes = 0;  ///< of all packets it stands for
    std::size_t wirePackets = 1;
    std::size_t largest = 0;  ///< bytes of the largest of them
  };

  /// Room for `slots` packets of `slotBytes` each; memory is touched when first used.
  Path(const PathSettings& settings, std::uint64_t seed, std::size_t slots, std::size_t slotBytes);

  /// Where the next packet goes; null: every slot holds one that is under way.
  [[nodiscard]] std::uint8_t* room() noexcept;
  [[nodiscard]] std::size_t slotBytes() const noexcept { return slotBytes_; }
  /// Takes the packet that was put in room().
  void offer(const Packet& packet, Nanoseconds now);
  /// A packet came that there was no room for.
  void refuse() noexcept { ++counts_.noRoom; }

  /// The packet whose time has come, or null data.  Valid until pop().
  [[nodiscard]] Slot due(Nanoseconds now) const noexcept;
  void pop() noexcept;
  /// When the next packet is due; negative: none is under way.
  [[nodiscard]] Nanoseconds next() const noexcept {
    return queue_.empty() ? -1 : queue_.front().due;
  }

  [[nodiscard]] const PathCounts& counts() const noexcept { return counts_; }

 private:
  struct Entry {
    Nanoseconds due;
    std::uint64_t number;  ///< equal times: in the order they came
    std::uint32_t slot, size;
    bool operator>(const Entry& other) const noexcept {
      return due != other.due ? due > other.due : number > other.number;
    }
  };

  bool chance(double probability);
  Nanoseconds between(Nanoseconds least, Nanoseconds most);
  Nanoseconds delayAt(Nanoseconds now);
  void push(Nanoseconds due, std::uint32_t slot, std::size_t size);

  const PathSettings settings_;
  const std::size_t slotBytes_;
  std::unique_ptr<std::uint8_t[], Unmapper> memory_;
  std::vector<std::uint32_t> free_;
  std::vector<Entry> queue_;  ///< a heap, the first one due in front
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
  Nanoseconds lineFree_ = 0;  ///< when the line has sent all it was given
  Nanoseconds lastDue_ = 0;
  Nanoseconds wander_ = 0, wanderUntil_ = 0;
  PathCounts counts_;
};

}  // namespace culvert::netsim

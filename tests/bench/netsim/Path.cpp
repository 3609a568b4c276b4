#include "bench/netsim/Path.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <sys/mman.h>

namespace culvert::netsim {
namespace {

constexpr Nanoseconds kWanderTime = 10 * kMillisecond;  // one delay is kept for so long
constexpr Nanoseconds kHeldBackLeast = kMillisecond, kHeldBackMost = 5 * kMillisecond;

}  // namespace

void Unmapper::operator()(std::uint8_t* memory) const noexcept {
  ::munmap(memory, size);
}

Path::Path(const PathSettings& settings, std::uint64_t seed, std::size_t slots,
           std::size_t slotBytes)
    : settings_(settings), slotBytes_(slotBytes), random_(seed) {
  const std::size_t size = slots * slotBytes;
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ =
      std::unique_ptr<std::uint8_t[], Unmapper>(static_cast<std::uint8_t*>(memory), Unmapper{size});
  // The last one freed is used first: its memory is still in the cache.
  for (std::size_t i = slots; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
  queue_.reserve(slots);
}

std::uint8_t* Path::room() noexcept {
  return free_.empty() ? nullptr : memory_.get() + free_.back() * slotBytes_;
}

void Path::offer(const Packet& packet, Nanoseconds now) {
  ++counts_.reads;
  counts_.packets += packet.wirePackets;
  counts_.bytes += packet.wireBytes;
  if (chance(settings_.loss)) {
    ++counts_.lost;
    return;
  }
  if (settings_.holeBytes > 0 && packet.largest > settings_.holeBytes) {
    ++counts_.hole;
    return;
  }
  Nanoseconds sent = now;
  if (settings_.bitsPerSecond > 0) {
    const Nanoseconds start = std::max(now, lineFree_);
    if (start - now > settings_.queue) {
      ++counts_.queueFull;
      return;
    }
    counts_.longestQueue = std::max(counts_.longestQueue, start - now);
    const double seconds = static_cast<double>(packet.wireBytes) * 8 / settings_.bitsPerSecond;
    lineFree_ = sent = start + static_cast<Nanoseconds>(seconds * 1e9);
  }
  Nanoseconds due = std::max(sent + delayAt(now), lastDue_);
  lastDue_ = due;
  if (chance(settings_.reorder)) {
    ++counts_.reordered;
    due += between(kHeldBackLeast, kHeldBackMost);
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  push(due, slot, packet.size);
  if (!chance(settings_.duplicate)) return;
  std::uint8_t* const copy = room();
  if (!copy) return;
  std::memcpy(copy, memory_.get() + slot * slotBytes_, packet.size);
  const std::uint32_t second = free_.back();
  free_.pop_back();
  push(due, second, packet.size);
  ++counts_.duplicated;
}

void Path::push(Nanoseconds due, std::uint32_t slot, std::size_t size) {
  queue_.push_back({due, number_++, slot, static_cast<std::uint32_t>(size)});
  std::push_heap(queue_.begin(), queue_.end(), std::greater<>());
}

Path::Slot Path::due(Nanoseconds now) const noexcept {
  if (queue_.empty() || queue_.front().due > now) return {nullptr, 0};
  return {memory_.get() + queue_.front().slot * slotBytes_, queue_.front().size};
}

void Path::pop() noexcept {
  std::pop_heap(queue_.begin(), queue_.end(), std::greater<>());
  free_.push_back(queue_.back().slot);
  queue_.pop_back();
  ++counts_.delivered;
}

bool Path::chance(double probability) {
  return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < probability;
}

Nanoseconds Path::between(Nanoseconds least, Nanoseconds most) {
  return std::uniform_int_distribution<Nanoseconds>(least, most)(random_);
}

Nanoseconds Path::delayAt(Nanoseconds now) {
  if (settings_.jitter == 0) return settings_.delay;
  if (now >= wanderUntil_) {
    wander_ = between(-settings_.jitter, settings_.jitter);
    wanderUntil_ = now + kWanderTime;
  }
  return std::max<Nanoseconds>(0, settings_.delay + wander_);
}

}  // namespace culvert::netsim

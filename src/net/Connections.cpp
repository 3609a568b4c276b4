#include "net/Connections.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert {

Ip sourcePrefix(const Ip& source) noexcept {
  if (source.isV4()) return source;
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(source.bytes().begin(), 8, bytes.begin());
  return Ip::fromBytes(bytes, source.zone());
}

Connections::Slot::Slot(Slot&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      counted_(other.counted_),
      countsSource_(std::exchange(other.countsSource_, false)) {}

Connections::Slot& Connections::Slot::operator=(Slot&& other) noexcept {
  if (owner_) owner_->release(*this);
  owner_ = std::exchange(other.owner_, nullptr);
  counted_ = other.counted_;
  countsSource_ = std::exchange(other.countsSource_, false);
  return *this;
}

Connections::Slot::~Slot() {
  if (owner_) owner_->release(*this);
}

Connections& Connections::ofProcess() {
  static Connections connections;
  return connections;
}

std::size_t Connections::most(Kind kind) const noexcept {
  return limit() + (kind == Kind::Reserved ? kLinkReserve : 0);
}

bool Connections::hasRoom(Kind kind) const noexcept {
  return total() < most(kind);
}

bool Connections::hasRoomAgain(Kind kind) const noexcept {
  return total() * 20 < most(kind) * 19;
}

Connections::Slot Connections::take(Kind kind) noexcept {
  Slot slot;
  if (total_.fetch_add(1, std::memory_order_relaxed) < most(kind)) {
    slot.owner_ = this;
  } else {
    total_.fetch_sub(1, std::memory_order_relaxed);
  }
  return slot;
}

Connections::Slot Connections::takeVisitor(const Ip& source) {
  Slot slot = take(Kind::Visitor);
  if (!slot || source.isLoopback()) return slot;
  const Ip prefix = sourcePrefix(source);
  const std::lock_guard<std::mutex> lock(mutex_);
  std::size_t& count = perSource_[prefix];
  if (count >= kMostPerSource && total() * 2 > limit()) {
    slot = Slot();
    return slot;
  }
  ++count;
  slot.counted_ = prefix;
  slot.countsSource_ = true;
  return slot;
}

void Connections::release(const Slot& slot) noexcept {
  total_.fetch_sub(1, std::memory_order_relaxed);
  if (!slot.countsSource_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = perSource_.find(slot.counted_);
  if (found != perSource_.end() && --found->second == 0) perSource_.erase(found);
}

}  // namespace culvert

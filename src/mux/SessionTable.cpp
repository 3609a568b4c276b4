#include "mux/SessionTable.h"

#include "base/Assert.h"

#include <new>

namespace culvert::mux {

std::size_t SessionTable::placeOf(SessionId id) const noexcept {
  std::size_t place = id & mask();
  while (slots_[place].stream && slots_[place].id != id) place = (place + 1) & mask();
  return place;
}

MuxStream* SessionTable::find(SessionId id) const noexcept {
  return empty() ? nullptr : slots_[placeOf(id)].stream;
}

void SessionTable::add(SessionId id, MuxStream& stream) {
  if ((size_ + 1) * 4 > slots_.size() * 3) {
    resize(slots_.empty() ? kLeastSlots : slots_.size() * 2);
  }
  Slot& slot = slots_[placeOf(id)];
  CULVERT_ASSERT(!slot.stream);
  slot = {&stream, id};
  ++size_;
}

void SessionTable::remove(SessionId id) noexcept {
  if (empty()) return;
  std::size_t gap = placeOf(id);
  if (!slots_[gap].stream) return;
  slots_[gap] = {};
  --size_;
  // Whoever stands behind the gap because its own place was taken moves up.
  for (std::size_t next = (gap + 1) & mask(); slots_[next].stream; next = (next + 1) & mask()) {
    const std::size_t home = slots_[next].id & mask();
    if (((next - home) & mask()) < ((next - gap) & mask())) continue;
    slots_[gap] = std::exchange(slots_[next], {});
    gap = next;
  }
  if (slots_.size() == kLeastSlots || size_ * 8 > slots_.size()) return;
  try {
    resize(slots_.size() / 2);
  } catch (const std::bad_alloc&) {
    // It stays as large as it is.
  }
}

void SessionTable::resize(std::size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.stream) slots_[placeOf(slot.id)] = slot;
  }
}

}  // namespace culvert::mux

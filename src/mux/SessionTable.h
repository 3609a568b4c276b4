// Which session has which id: the table every frame of a link is looked up in.
//
// Ids are given out in turn, so their low bits are the hash: a slot of 16 bytes, found at once or a
// few further on, at most three quarters full.  No allocation for a session but when the table
// grows; it shrinks when the crowd has gone.
#pragma once

#include "mux/Frame.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace culvert::mux {

class MuxStream;

class SessionTable {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// nullptr: nobody has it.
  [[nodiscard]] MuxStream* find(SessionId id) const noexcept;
  /// `id` must be free.
  void add(SessionId id, MuxStream& stream);
  /// Nothing happens when nobody has `id`.
  void remove(SessionId id) noexcept;

  /// Calls visit(MuxStream&) for each, in no order; the table must not change meanwhile.
  template <class Visit>
  void forEach(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.stream) visit(*slot.stream);
    }
  }

 private:
  static constexpr std::size_t kLeastSlots = 8;

  struct Slot {
    MuxStream* stream = nullptr;
    SessionId id = 0;
  };

  /// Where `id` is, or the free slot where it would be.
  [[nodiscard]] std::size_t placeOf(SessionId id) const noexcept;
  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
  void resize(std::size_t slots);

  std::vector<Slot> slots_;  ///< none, or a power of two
  std::size_t size_ = 0;
};

}  // namespace culvert::mux

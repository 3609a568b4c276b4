// Bytes that wait to be sent: a list of 16 KiB blocks from a pool, none while empty.
//
// The pool belongs to the thread and keeps at most 1 MiB; a queue may be filled on one thread and
// emptied on another, one after the other.  Blocks in use count in QueueBudget.
#pragma once

#include "base/Bytes.h"

#include <cstddef>
#include <span>

namespace culvert {

class BlockQueue {
 public:
  static constexpr std::size_t kBlockBytes = 16 * 1024;

  BlockQueue() = default;
  BlockQueue(const BlockQueue&) = delete;
  BlockQueue& operator=(const BlockQueue&) = delete;
  ~BlockQueue() { clear(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  void append(Bytes bytes);
  /// Points `into` at the first bytes, in order; returns how many elements are used.  The views
  /// hold until the next change.
  [[nodiscard]] std::size_t gather(std::span<Bytes> into) const noexcept;
  /// Forgets the first `count` bytes, at most size().
  void consume(std::size_t count) noexcept;
  void clear() noexcept;

 private:
  struct Block;
  struct Pool;
  static Pool& pool() noexcept;

  Block *first_ = nullptr, *last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace culvert

// Datagrams that wait for a receiver: at most 64, at most 128 KiB; the oldest make room for the
// newest. No storage while empty; counted in QueueBudget.
#pragma once

#include "base/Bytes.h"

#include <cstddef>
#include <memory>

namespace culvert {

class DatagramQueue {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kMostBytes = 128 * 1024;

  DatagramQueue() = default;
  DatagramQueue(const DatagramQueue&) = delete;
  DatagramQueue& operator=(const DatagramQueue&) = delete;
  ~DatagramQueue();

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Returns how many old ones were dropped for it.
  std::size_t push(Bytes datagram);

  struct Item {
    std::unique_ptr<Item> next;
    std::unique_ptr<std::uint8_t[]> data;
    std::size_t size = 0;
    [[nodiscard]] MutableBytes view() const noexcept { return {data.get(), size}; }
  };
  /// The oldest one; the queue must not be empty.
  std::unique_ptr<Item> pop() noexcept;

 private:
  std::unique_ptr<Item> first_;
  Item* last_ = nullptr;
  std::size_t count_ = 0, bytes_ = 0;
};

}  // namespace culvert

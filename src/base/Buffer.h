// Growable bytes, appended at the back and consumed from the front.
//
// Storage is kept until release(), so a buffer that is filled and emptied again and again allocates
// once. Consuming moves a mark; the bytes behind it slide to the front only when room is needed.
#pragma once

#include "base/Bytes.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace culvert {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() = default;

  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] Bytes view() const noexcept { return {storage_.get() + begin_, size()}; }
  [[nodiscard]] MutableBytes bytes() noexcept { return {storage_.get() + begin_, size()}; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  void append(Bytes bytes);
  void append(std::uint8_t byte) { append(Bytes(&byte, 1)); }
  void appendU16be(std::uint16_t value);
  void appendU32be(std::uint32_t value);
  void appendU64be(std::uint64_t value);

  /// Has storage for `count` bytes in all from now on.
  void reserve(std::size_t count);
  /// Makes the buffer `count` bytes longer and returns the new, uninitialised tail.  The view holds
  /// until the next call that appends.
  [[nodiscard]] MutableBytes grow(std::size_t count);
  /// Takes back the last `count` bytes; `count` is at most size().
  void shrink(std::size_t count) noexcept;
  /// Forgets the first `count` bytes; `count` is at most size().
  void consume(std::size_t count) noexcept;
  /// Forgets all bytes and keeps the storage.
  void clear() noexcept { begin_ = end_ = 0; }
  /// Forgets all bytes and gives the storage back.
  void release() noexcept;

 private:
  std::unique_ptr<std::uint8_t[]> storage_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace culvert

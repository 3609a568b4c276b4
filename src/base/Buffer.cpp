#include "base/Buffer.h"

#include "base/Assert.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace culvert {
namespace {

constexpr std::size_t kLeastCapacity = 128;  // what is put together byte by byte allocates once

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : storage_(std::move(other.storage_)),
      capacity_(std::exchange(other.capacity_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  storage_ = std::move(other.storage_);
  capacity_ = std::exchange(other.capacity_, 0);
  begin_ = std::exchange(other.begin_, 0);
  end_ = std::exchange(other.end_, 0);
  return *this;
}

void Buffer::append(Bytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(grow(bytes.size()).data(), bytes.data(), bytes.size());
}

void Buffer::appendU16be(std::uint16_t value) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(value >> 8),
                                static_cast<std::uint8_t>(value)};
  append(bytes);
}

void Buffer::appendU32be(std::uint32_t value) {
  appendU16be(static_cast<std::uint16_t>(value >> 16));
  appendU16be(static_cast<std::uint16_t>(value));
}

void Buffer::appendU64be(std::uint64_t value) {
  appendU32be(static_cast<std::uint32_t>(value >> 32));
  appendU32be(static_cast<std::uint32_t>(value));
}

void Buffer::reserve(std::size_t count) {
  if (count <= capacity_) return;
  std::unique_ptr<std::uint8_t[]> storage(new std::uint8_t[count]);
  if (!empty()) std::memcpy(storage.get(), storage_.get() + begin_, size());
  storage_ = std::move(storage);
  capacity_ = count;
  end_ -= begin_;
  begin_ = 0;
}

MutableBytes Buffer::grow(std::size_t count) {
  if (capacity_ - end_ < count) {
    const std::size_t needed = size() + count;
    if (needed <= capacity_ && begin_ >= capacity_ / 2) {
      std::memmove(storage_.get(), storage_.get() + begin_, size());
    } else {
      reserve(std::max({needed, capacity_ + capacity_ / 2, kLeastCapacity}));
    }
    end_ -= begin_;
    begin_ = 0;
  }
  const MutableBytes tail(storage_.get() + end_, count);
  end_ += count;
  return tail;
}

void Buffer::shrink(std::size_t count) noexcept {
  CULVERT_ASSERT(count <= size());
  end_ -= count;
}

void Buffer::consume(std::size_t count) noexcept {
  CULVERT_ASSERT(count <= size());
  begin_ += count;
  if (begin_ == end_) clear();
}

void Buffer::release() noexcept {
  storage_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace culvert

#include "net/BlockQueue.h"

#include "base/Assert.h"
#include "net/QueueBudget.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace culvert {

struct BlockQueue::Block {
  static constexpr std::size_t kCapacity = kBlockBytes - sizeof(void*) - 2 * sizeof(std::uint32_t);

  [[nodiscard]] Bytes view() const noexcept { return {data + begin, end - begin}; }

  Block* next;
  std::uint32_t begin, end;
  std::uint8_t data[kCapacity];
};

struct BlockQueue::Pool {
  static constexpr std::size_t kMost = 1024 * 1024 / kBlockBytes;

  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    while (free) delete std::exchange(free, free->next);
  }

  Block* take() {
    Block* block = free;
    if (block) {
      free = block->next;
      --count;
    } else {
      block = new Block;
    }
    block->next = nullptr;
    block->begin = block->end = 0;
    QueueBudget::add(sizeof(Block));
    return block;
  }

  void give(Block* block) noexcept {
    QueueBudget::sub(sizeof(Block));
    if (count == kMost) {
      delete block;
      return;
    }
    block->next = free;
    free = block;
    ++count;
  }

  Block* free = nullptr;
  std::size_t count = 0;
};

BlockQueue::Pool& BlockQueue::pool() noexcept {
  static_assert(sizeof(Block) == kBlockBytes);
  static thread_local Pool pool;
  return pool;
}

void BlockQueue::append(Bytes bytes) {
  while (!bytes.empty()) {
    if (!last_ || last_->end == Block::kCapacity) {
      Block* const block = pool().take();
      (last_ ? last_->next : first_) = block;
      last_ = block;
    }
    const std::size_t count = std::min(bytes.size(), Block::kCapacity - last_->end);
    std::memcpy(last_->data + last_->end, bytes.data(), count);
    last_->end += static_cast<std::uint32_t>(count);
    size_ += count;
    bytes = bytes.subspan(count);
  }
}

std::size_t BlockQueue::gather(std::span<Bytes> into) const noexcept {
  std::size_t used = 0;
  for (const Block* block = first_; block && used < into.size(); block = block->next) {
    into[used++] = block->view();
  }
  return used;
}

void BlockQueue::consume(std::size_t count) noexcept {
  CULVERT_ASSERT(count <= size_);
  size_ -= count;
  while (first_) {
    Block* const block = first_;
    const std::size_t here = block->end - block->begin;
    if (count < here) {
      block->begin += static_cast<std::uint32_t>(count);
      return;
    }
    count -= here;
    first_ = block->next;
    if (!first_) last_ = nullptr;
    pool().give(block);
  }
}

void BlockQueue::clear() noexcept {
  if (size_ > 0) consume(size_);
}

}  // namespace culvert

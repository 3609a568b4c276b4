#include "net/DatagramQueue.h"

#include "base/Assert.h"
#include "net/QueueBudget.h"

#include <algorithm>
#include <utility>

namespace culvert {

DatagramQueue::~DatagramQueue() {
  while (!empty()) pop();
}

std::size_t DatagramQueue::push(Bytes datagram) {
  auto item = std::make_unique<Item>();
  item->data.reset(new std::uint8_t[datagram.size()]);
  item->size = datagram.size();
  std::copy(datagram.begin(), datagram.end(), item->data.get());

  std::size_t dropped = 0;
  while (count_ > 0 && (count_ == kMost || bytes_ + datagram.size() > kMostBytes)) {
    pop();
    ++dropped;
  }
  Item* const added = item.get();
  (last_ ? last_->next : first_) = std::move(item);
  last_ = added;
  ++count_;
  bytes_ += added->size;
  QueueBudget::add(added->size);
  return dropped;
}

std::unique_ptr<DatagramQueue::Item> DatagramQueue::pop() noexcept {
  CULVERT_ASSERT(first_);
  std::unique_ptr<Item> item = std::move(first_);
  first_ = std::move(item->next);
  if (!first_) last_ = nullptr;
  --count_;
  bytes_ -= item->size;
  QueueBudget::sub(item->size);
  return item;
}

}  // namespace culvert

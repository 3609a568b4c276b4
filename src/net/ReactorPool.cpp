#include "net/ReactorPool.h"

#include "base/Assert.h"

#include <algorithm>
#include <string>
#include <thread>

namespace culvert {

std::size_t ReactorPool::defaultSize() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
}

ReactorPool::ReactorPool(std::size_t size) {
  CULVERT_ASSERT(size > 0);
  for (std::size_t i = 0; i < size; ++i) reactors_.push_back(std::make_unique<Reactor>());
}

ReactorPool::~ReactorPool() {
  stop();
  join();
}

void ReactorPool::start() {
  running_ = true;
  for (std::size_t i = 0; i < size(); ++i) reactors_[i]->start("reactor-" + std::to_string(i));
}

void ReactorPool::stop() {
  if (!running_) return;
  for (const auto& reactor : reactors_) reactor->stop();
}

void ReactorPool::join() {
  if (!running_) return;
  running_ = false;
  for (const auto& reactor : reactors_) reactor->join();
}

Reactor& ReactorPool::next() noexcept {
  return *reactors_[next_.fetch_add(1, std::memory_order_relaxed) % reactors_.size()];
}

}  // namespace culvert

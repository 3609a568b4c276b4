#include "base/Secret.h"
#include "service/WipingHeap.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace culvert::service {
namespace {

std::atomic<int> wiping{0};
constexpr std::size_t kStackBytes = 64 * 1024;  // deeper than a parser goes for a file of ours

void release(void* memory) noexcept {
  if (memory && wiping.load(std::memory_order_relaxed) > 0) {
    wipe({static_cast<std::uint8_t*>(memory), ::malloc_usable_size(memory)});
  }
  std::free(memory);
}

[[gnu::noinline]] void wipeStack() noexcept {
  std::array<std::uint8_t, kStackBytes> below;  // uninitialised: it is overwritten
  wipe(below);
}

}  // namespace

WipingHeap::WipingHeap() noexcept {
  ++wiping;
}

WipingHeap::~WipingHeap() {
  --wiping;
  wipeStack();
}

}  // namespace culvert::service

// The program's own operators: all other forms of new and delete, in libraries too, call these.
// The sanitizers' form with std::nothrow does not, so it has one of ours.

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return std::malloc(size > 0 ? size : 1);
}

void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept {
  culvert::service::release(memory);
}

void* operator new(std::size_t size) {
  for (;;) {
    if (void* const memory = std::malloc(size > 0 ? size : 1)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (!handler) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* memory) noexcept {
  culvert::service::release(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
  culvert::service::release(memory);
}

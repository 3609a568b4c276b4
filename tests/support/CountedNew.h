// Counts this thread's heap allocations.  Defines the program's operators new and delete, so it is
// included by one file of a test program only, and not under the sanitizers, which have allocators
// of their own.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace culvert::test {

/// Since the thread began.
inline thread_local std::size_t allocations = 0;

}  // namespace culvert::test

void* operator new(std::size_t size) {
  ++culvert::test::allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

// How much memory the program may take (LIM-19) and, of that, how much may wait in queues (LIM-10).
#pragma once

#include <algorithm>
#include <cstddef>

namespace culvert::service {

/// Half of the smallest of the machine's memory, the control group's limit and the address-space
/// limit, in bytes.
std::size_t memoryLimit();

/// A quarter of `memory`, from 16 to 256 MiB.
constexpr std::size_t queueLimit(std::size_t memory) {
  constexpr std::size_t kMiB = 1024 * 1024;
  return std::clamp(memory / 4, 16 * kMiB, 256 * kMiB);
}

}  // namespace culvert::service

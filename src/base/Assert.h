// CULVERT_ASSERT states what only our own bug can break; it stays on in every build.  Input from a
// peer is never an assert.
#pragma once

namespace culvert {

/// Writes the place and the condition to standard error and aborts.
[[noreturn]] void assertionFailed(const char* condition, const char* file, int line) noexcept;

}  // namespace culvert

#define CULVERT_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::culvert::assertionFailed(#condition, __FILE__, __LINE__))

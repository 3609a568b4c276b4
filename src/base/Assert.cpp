#include "base/Assert.h"

#include <cstdio>
#include <cstdlib>

namespace culvert {

void assertionFailed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "culvert: bug: %s does not hold at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace culvert

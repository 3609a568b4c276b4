#include "crypto/Random.h"

#include "base/Assert.h"
#include "crypto/Library.h"

#include <openssl/rand.h>

#include <algorithm>

namespace culvert::crypto {

void fillRandom(MutableBytes out) {
  initialise();
  CULVERT_ASSERT(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

std::uint32_t randomBelow(std::uint32_t bound) {
  CULVERT_ASSERT(bound != 0);
  // Values from the incomplete last multiple of `bound` would favour the small ones: draw again.
  const std::uint32_t limit = UINT32_MAX - UINT32_MAX % bound;
  for (;;) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : randomBytes<4>()) value = value << 8 | byte;
    if (value < limit) return value % bound;
  }
}

void fillPadding(MutableBytes out) {
  struct Pool {
    std::array<std::uint8_t, 4096> bytes;
    std::size_t at = sizeof(bytes);
  };
  thread_local Pool pool;
  while (!out.empty()) {
    if (pool.at == pool.bytes.size()) {
      fillRandom(pool.bytes);
      pool.at = 0;
    }
    const std::size_t count = std::min(out.size(), pool.bytes.size() - pool.at);
    std::copy_n(pool.bytes.begin() + static_cast<std::ptrdiff_t>(pool.at), count, out.begin());
    pool.at += count;
    out = out.subspan(count);
  }
}

}  // namespace culvert::crypto

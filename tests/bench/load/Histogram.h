// Latencies, counted in buckets whose width grows with the value: 128 per power of two.
//
//   value   0 … 255: a bucket each          256 … 511: 2 wide          512 … 1023: 4 wide   …
//
// A percentile is therefore at most 1/128 above the true one.  All memory is taken when it is made.
#pragma once

#include <cstdint>
#include <vector>

namespace culvert::load {

class Histogram {
 public:
  Histogram();

  void add(std::uint64_t value) noexcept;
  void clear() noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t largest() const noexcept { return largest_; }
  /// The least value that at least `share` (0 to 1) of all values do not exceed, rounded up to its
  /// bucket's end; 0 if there are none.
  std::uint64_t percentile(double share) const noexcept;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace culvert::load

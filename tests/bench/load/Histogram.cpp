#include "bench/load/Histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace culvert::load {
namespace {

constexpr unsigned kBits = 7;
constexpr std::uint64_t kPerPower = 1U << kBits;

// How far a value is shifted until it has kBits + 1 bits.
unsigned shiftOf(std::uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  return width > kBits + 1 ? width - kBits - 1 : 0;
}

std::size_t bucketOf(std::uint64_t value) {
  const auto shift = shiftOf(value);
  return shift * kPerPower + (value >> shift);
}

std::uint64_t lastOf(std::size_t bucket) {
  if (bucket < 2 * kPerPower) return bucket;
  const auto shift = bucket / kPerPower - 1;
  const auto lead = bucket - shift * kPerPower;
  return ((lead + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(bucketOf(~std::uint64_t{0}) + 1) {}

void Histogram::add(std::uint64_t value) noexcept {
  ++buckets_[bucketOf(value)];
  ++count_;
  largest_ = std::max(largest_, value);
}

void Histogram::clear() noexcept {
  std::fill(buckets_.begin(), buckets_.end(), 0);
  count_ = largest_ = 0;
}

std::uint64_t Histogram::percentile(double share) const noexcept {
  if (count_ == 0) return 0;
  const auto rank = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::min(lastOf(bucket), largest_);
  }
  return largest_;
}

}  // namespace culvert::load

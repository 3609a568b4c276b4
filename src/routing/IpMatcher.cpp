#include "routing/IpMatcher.h"

#include <algorithm>

namespace culvert::routing {

IpSet::Bits IpSet::bitsOf(const Ip& ip) noexcept {
  Bits bits{};
  const Bytes bytes = ip.bytes();
  std::copy(bytes.begin(), bytes.end(), bits.begin());
  return bits;
}

IpSet::IpSet(const std::vector<Cidr>& blocks) {
  for (const Cidr& block : blocks) {
    Range range{bitsOf(block.network), bitsOf(block.network)};
    const std::size_t width = block.network.isV4() ? 4 : 16;
    for (std::size_t i = 0; i < width; ++i) {
      const unsigned kept = block.prefix >= 8 * (i + 1) ? 8
                            : block.prefix <= 8 * i     ? 0
                                                    : block.prefix - 8 * static_cast<unsigned>(i);
      const auto host = static_cast<std::uint8_t>(0xffu >> kept);
      range.first[i] = static_cast<std::uint8_t>(range.first[i] & ~host);
      range.last[i] = static_cast<std::uint8_t>(range.last[i] | host);
    }
    (block.network.isV4() ? v4_ : v6_).push_back(range);
  }
  for (std::vector<Range>* ranges : {&v4_, &v6_}) {
    std::sort(ranges->begin(), ranges->end(),
              [](const Range& a, const Range& b) { return a.first < b.first; });
    std::vector<Range> merged;
    for (const Range& range : *ranges) {
      if (!merged.empty() && range.first <= merged.back().last) {
        merged.back().last = std::max(merged.back().last, range.last);
      } else {
        merged.push_back(range);
      }
    }
    *ranges = std::move(merged);
  }
}

bool IpSet::contains(const Ip& ip) const noexcept {
  const std::vector<Range>& ranges = ip.isV4() ? v4_ : v6_;
  const Bits bits = bitsOf(ip);
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), bits,
                       [](const Bits& wanted, const Range& range) { return wanted < range.first; });
  return after != ranges.begin() && bits <= std::prev(after)->last;
}

void IpMatcher::finish() {
  included_ = IpSet(blocks_);
}

bool IpMatcher::matches(const Ip& ip) const noexcept {
  return included_.contains(ip) || std::any_of(excluded_.begin(), excluded_.end(),
                                               [&](const IpSet& set) { return !set.contains(ip); });
}

bool IpMatcher::matchesAny(const std::vector<Ip>& addresses) const noexcept {
  return std::any_of(addresses.begin(), addresses.end(),
                     [this](const Ip& ip) { return matches(ip); });
}

}  // namespace culvert::routing

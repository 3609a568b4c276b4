// Address patterns of a rule: addresses and blocks, whole lists of them, and "everything but" a
// list.
//
// The elements are alternatives, a negated list too: ["geoip:!cn", "1.2.3.4"] is not-CN or 1.2.3.4.
#pragma once

#include "base/Cidr.h"
#include "base/Destination.h"

#include <array>
#include <cstdint>
#include <vector>

namespace culvert::routing {

/// Blocks of addresses, looked up in logarithmic time.
class IpSet {
 public:
  IpSet() = default;
  explicit IpSet(const std::vector<Cidr>& blocks);
  [[nodiscard]] bool contains(const Ip& ip) const noexcept;

 private:
  using Bits = std::array<std::uint8_t, 16>;
  struct Range {
    Bits first, last;
  };
  static Bits bitsOf(const Ip& ip) noexcept;
  std::vector<Range> v4_, v6_;  ///< sorted, not overlapping
};

class IpMatcher {
 public:
  void add(const Cidr& block) { blocks_.push_back(block); }
  void add(const std::vector<Cidr>& blocks) {
    blocks_.insert(blocks_.end(), blocks.begin(), blocks.end());
  }
  void addAllBut(const std::vector<Cidr>& blocks) { excluded_.emplace_back(blocks); }
  /// After the last add and before the first question.
  void finish();

  [[nodiscard]] bool matches(const Ip& ip) const noexcept;
  [[nodiscard]] bool matchesAny(const std::vector<Ip>& addresses) const noexcept;

 private:
  std::vector<Cidr> blocks_;
  IpSet included_;
  std::vector<IpSet> excluded_;
};

}  // namespace culvert::routing

// Ports of a rule: 443, "53,443,1000-2000".
#pragma once

#include "config/Model.h"
#include "config/Node.h"
#include "config/Problems.h"

#include <cstdint>
#include <vector>

namespace culvert::routing {

class PortMatcher {
 public:
  PortMatcher() = default;
  /// Reads `node` and reports what is no port: 0 alone, a reversed range, anything over 65535.  A
  /// list is for YAML only, as in V2Ray's JSON it is an error.
  PortMatcher(const config::Node& node, config::Problems& problems);

  [[nodiscard]] bool matches(std::uint16_t port) const noexcept;
  /// Whether every port of `other` matches here too.
  [[nodiscard]] bool covers(const PortMatcher& other) const noexcept;

 private:
  void add(std::string_view text, const config::Node& node, config::Problems& problems);
  void merge();

  std::vector<config::PortRange> ranges_;  ///< sorted, neither touching nor overlapping
};

}  // namespace culvert::routing

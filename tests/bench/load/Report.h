// The one line of JSON in which a command reports, and the figures in it that need a formula.
#pragma once

#include "bench/load/Histogram.h"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::load {

class Report {
 public:
  void add(std::string_view name, double value);
  void add(std::string_view name, const std::vector<double>& values);
  template <std::integral Integer>
  void add(std::string_view name, Integer value) {
    addText(name, std::to_string(value));
  }
  /// PREFIXp50_us, PREFIXp90_us, PREFIXp99_us and PREFIXmax_us of a histogram of nanoseconds.
  void addLatencies(const Histogram& histogram, const std::string& prefix = "");

  std::string json() const { return "{" + fields_ + "}"; }
  /// Writes the line to standard output at once.
  void print() const;

 private:
  void addText(std::string_view name, std::string_view value);

  std::string fields_;
};

/// Jain's index of fairness: 1 if all shares are equal, 1/n if one has everything, 0 if nobody has
/// anything.
double jain(const std::vector<double>& shares);

}  // namespace culvert::load

#include "bench/load/Report.h"

#include <cmath>
#include <cstdio>

namespace culvert::load {
namespace {

std::string numeral(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace

void Report::addText(std::string_view name, std::string_view value) {
  if (!fields_.empty()) fields_ += ", ";
  fields_.append("\"").append(name).append("\": ").append(value);
}

void Report::add(std::string_view name, double value) {
  addText(name, numeral(value));
}

void Report::add(std::string_view name, const std::vector<double>& values) {
  std::string list;
  for (const double value : values) list += (list.empty() ? "" : ", ") + numeral(value);
  addText(name, "[" + list + "]");
}

void Report::addLatencies(const Histogram& histogram, const std::string& prefix) {
  const auto micros = [](std::uint64_t value) { return static_cast<double>(value) / 1e3; };
  add(prefix + "p50_us", micros(histogram.percentile(0.50)));
  add(prefix + "p90_us", micros(histogram.percentile(0.90)));
  add(prefix + "p99_us", micros(histogram.percentile(0.99)));
  add(prefix + "max_us", micros(histogram.largest()));
}

void Report::print() const {
  std::printf("%s\n", json().c_str());
  std::fflush(stdout);
}

double jain(const std::vector<double>& shares) {
  double sum = 0, squares = 0;
  for (const double share : shares) {
    sum += share;
    squares += share * share;
  }
  return squares > 0 ? sum * sum / (static_cast<double>(shares.size()) * squares) : 0;
}

}  // namespace culvert::load

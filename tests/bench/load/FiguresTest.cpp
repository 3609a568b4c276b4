#include "bench/load/Arguments.h"
#include "bench/load/Histogram.h"
#include "bench/load/Http.h"
#include "bench/load/Report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace culvert::load {
namespace {

std::uint64_t exact(const std::vector<std::uint64_t>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

TEST(Histogram, PercentilesAreThoseOfSortingRoundedUpByLessThanAHundredth) {
  std::mt19937_64 random(7);
  // Latencies spread over nine powers of ten, so that every width of bucket is met.
  std::uniform_real_distribution<double> exponent(0, 9);
  for (const std::size_t count : {1, 2, 10, 1000, 50'000}) {
    Histogram histogram;
    std::vector<std::uint64_t> values(count);
    for (auto& value : values) {
      value = static_cast<std::uint64_t>(std::pow(10, exponent(random)));
      histogram.add(value);
    }
    std::sort(values.begin(), values.end());
    ASSERT_EQ(histogram.count(), count);
    ASSERT_EQ(histogram.largest(), values.back());
    for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto wanted = exact(values, share);
      const auto found = histogram.percentile(share);
      EXPECT_GE(found, wanted) << share << " of " << count;
      EXPECT_LE(found, wanted + wanted / 100) << share << " of " << count;
    }
  }
}

TEST(Histogram, CountsTheSmallestAndTheLargestValues) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  const auto largest = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{256}, largest}) {
    histogram.clear();
    histogram.add(value);
    EXPECT_EQ(histogram.percentile(0.5), value);
  }
  EXPECT_EQ(histogram.count(), 1u);
}

TEST(Jain, IsOneForEqualSharesAndFallsToOneNth) {
  EXPECT_DOUBLE_EQ(jain({3, 3, 3, 3}), 1);
  EXPECT_DOUBLE_EQ(jain({8, 0, 0, 0}), 0.25);
  EXPECT_DOUBLE_EQ(jain({1, 3}), 0.8);
  EXPECT_DOUBLE_EQ(jain({0, 0}), 0);
}

TEST(Report, IsOneLineOfJson) {
  Report report;
  report.add("count", std::uint64_t{18'446'744'073'709'551'615U});
  report.add("rate", 0.5);
  report.add("each", std::vector<double>{1, 2.25});
  report.add("none", std::numeric_limits<double>::infinity());
  EXPECT_EQ(report.json(),
            R"({"count": 18446744073709551615, "rate": 0.5, "each": [1, 2.25], "none": null})");
}

TEST(Arguments, TakesOptionsFlagsAndPositionalWords) {
  Arguments arguments({"a=b", "--seconds", "0.5", "--close", "--streams", "64"});
  EXPECT_EQ(arguments.seconds("--seconds"), std::chrono::milliseconds(500));
  EXPECT_TRUE(arguments.flag("--close"));
  EXPECT_FALSE(arguments.flag("--close"));
  EXPECT_EQ(arguments.number("--streams"), 64u);
  EXPECT_EQ(arguments.number("--size", 7), 7u);
  EXPECT_THROW(arguments.expectEmpty(), Usage);
  EXPECT_EQ(arguments.positional(), std::vector<std::string>{"a=b"});
  arguments.expectEmpty();
}

TEST(Arguments, RefusesWhatIsNotANumber) {
  EXPECT_THROW(Arguments({"--streams", "0"}).number("--streams"), Usage);
  EXPECT_THROW(Arguments({"--streams", "6x"}).number("--streams"), Usage);
  EXPECT_THROW(Arguments({"--streams"}).number("--streams"), Usage);
  EXPECT_THROW(Arguments(std::vector<std::string>{}).number("--streams"), Usage);
  EXPECT_THROW(Arguments({"--seconds", "-1"}).seconds("--seconds"), Usage);
  EXPECT_THROW(Arguments({"--seconds", "nan"}).seconds("--seconds"), Usage);
}

TEST(Http, ReadsTheHeadsItWrites) {
  for (const auto& answer : {http1::keptAnswer(), http1::closingAnswer()}) {
    const auto end = answer.find(http1::kHeadEnd);
    ASSERT_NE(end, answer.npos);
    EXPECT_EQ(http1::bodyBytes(answer.substr(0, end)), http1::kBodyBytes);
    EXPECT_EQ(answer.size(), end + http1::kHeadEnd.size() + http1::kBodyBytes);
  }
  EXPECT_FALSE(http1::bodyBytes("HTTP/1.1 404 Not Found\r\nContent-Length: 3"));
  EXPECT_FALSE(http1::bodyBytes("HTTP/1.1 200 OK\r\nServer: x"));
  EXPECT_TRUE(http1::wantsClose("GET / HTTP/1.1\r\nHOST: a\r\nconnection: Close"));
  EXPECT_FALSE(http1::wantsClose("GET / HTTP/1.1\r\nConnection: keep-alive"));
}

}  // namespace
}  // namespace culvert::load

// Feeds a decoder the same bytes in every fragmentation that matters.
#pragma once

#include "base/Bytes.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

namespace culvert::test {

/// Calls check(std::vector<Bytes>) with `wire` whole, byte by byte, cut once at every place (long
/// ones: at 64 places), and cut at `rounds` random sets of places drawn from `seed`.
template <class Check>
void forEachSplit(Bytes wire, Check check, unsigned seed = 1, int rounds = 20) {
  check(std::vector<Bytes>{wire});
  std::vector<Bytes> single;
  for (std::size_t i = 0; i < wire.size(); ++i) single.push_back(wire.subspan(i, 1));
  check(single);
  const std::size_t stride = std::max<std::size_t>(1, wire.size() / 64);
  for (std::size_t cut = 1; cut < wire.size(); cut += stride) {
    check(std::vector<Bytes>{wire.first(cut), wire.subspan(cut)});
  }
  std::mt19937 random(seed);
  for (int round = 0; round < rounds && !wire.empty(); ++round) {
    std::vector<Bytes> chunks;
    for (std::size_t at = 0; at < wire.size();) {
      std::uniform_int_distribution<std::size_t> sizes(1,
                                                       std::max<std::size_t>(1, wire.size() / 4));
      const std::size_t size = std::min(sizes(random), wire.size() - at);
      chunks.push_back(wire.subspan(at, size));
      at += size;
    }
    check(chunks);
  }
}

}  // namespace culvert::test

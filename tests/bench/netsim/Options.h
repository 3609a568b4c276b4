// The command line of culvert-netsim.
#pragma once

#include "bench/netsim/Path.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace culvert::netsim {

enum class Offload { Auto, On, Off };

struct Options {
  std::array<std::string, 2> nameSpaces, devices;
  std::array<std::vector<std::string>, 2> addresses;
  std::array<PathSettings, 2> paths;  ///< from the first to the second, and back
  std::array<int, 2> mtu{1500, 1500};
  Offload offload = Offload::Auto;
  std::uint64_t seed = 0;

  /// Whether packets may come uncut: asked for, or nothing is done to single packets.
  [[nodiscard]] bool usesOffload() const;
};

const char* usage();

/// Throws std::invalid_argument with a message for the user.
Options parseOptions(const std::vector<std::string>& arguments);

}  // namespace culvert::netsim

// What an Instance is given from outside: the threads, the world, and where things lie.
#pragma once

#include "net/Loop.h"
#include "net/Sockets.h"

#include <string>
#include <vector>

namespace culvert::app {

struct Environment {
  /// At least one; all outlive every Instance.  Listeners and bridges are spread over them.
  std::vector<Loop*> loops;
  Sockets& sockets;
  std::string stateDirectory;               ///< replay histories (RPL-6); empty: none is kept
  std::vector<std::string> geoDirectories;  ///< where geoip.dat and geosite.dat are looked for
};

}  // namespace culvert::app

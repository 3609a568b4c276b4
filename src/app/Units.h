// The parts of a running configuration that can outlive it: an inbound with its doors, an outbound,
// a bridge. Two instances share a unit when nothing it was made from has changed.
#pragma once

#include "app/Door.h"
#include "app/Plan.h"
#include "config/Model.h"
#include "proxy/Inbound.h"
#include "proxy/Outbound.h"
#include "reverse/Bridge.h"
#include "reverse/Portal.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace culvert::app {

/// What all inbounds and outbounds are made with besides their own settings.
struct Surroundings {
  proxy::Timeouts timeouts;
  std::chrono::seconds handshake{0};
  std::string key;  ///< AUTH-3
  bool lenient = false;
};

struct InboundUnit {
  config::InboundConfig config;
  Surroundings surroundings;
  std::shared_ptr<proxy::InboundInfo> info;  ///< its owner is this unit
  proxy::InboundHandlerPtr handler;
  Loop* home = nullptr;  ///< where the handler lives
  std::vector<std::unique_ptr<Door>> doors;
  bool started = false;
};

struct OutboundUnit {
  config::OutboundConfig config;
  Surroundings surroundings;
  std::shared_ptr<proxy::Outbound> outbound;
};

struct PortalUnit {
  config::ReverseEntry config;
  std::shared_ptr<reverse::Portal> portal;
};

struct BridgeUnit {
  config::ReverseEntry config;
  Surroundings surroundings;
  std::string peer;
  std::shared_ptr<proxy::InboundInfo> info;  ///< its owner is this unit
  std::unique_ptr<reverse::Bridge> bridge;
  bool started = false;
};

template <class Unit>
using Units = std::vector<std::shared_ptr<Unit>>;

/// The first unit for which `same` holds, or nullptr.
template <class T, class Same>
std::shared_ptr<T> find(const Units<T>& units, Same same) {
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const auto& unit) { return same(*unit); });
  return found == units.end() ? nullptr : *found;
}

template <class T>
bool has(const Units<T>& units, const std::shared_ptr<T>& unit) {
  return std::find(units.begin(), units.end(), unit) != units.end();
}

}  // namespace culvert::app

// One configuration, built and running: from a config::Model to listening sockets and dialling
// bridges.
//
// An instance is built and checked first, which binds nothing and disturbs nobody; then start()
// binds its ports, all or none, and puts its rules in force.  A reload is a second instance beside
// the first: it is given the first as its predecessor, shares what did not change, takes over the
// ports that go on, and ends what is gone (CFG-5, F-RELOAD).
//
// Everything here is called on one thread, the program's main one.  The order of ends: stop(), then
// the loops end, then the instance is destroyed.
#pragma once

#include "app/Core.h"
#include "app/Plan.h"
#include "app/Units.h"
#include "config/Model.h"
#include "config/Problems.h"
#include "proxy/Registry.h"

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace culvert::app {

/// Why an instance could not start: the ports that cannot be bound, at their places.  Nothing was
/// changed.
class StartError : public std::runtime_error {
 public:
  explicit StartError(config::Problems why)
      : std::runtime_error(why.text()), problems(std::move(why)) {}
  const config::Problems problems;
};

class Instance {
 public:
  /// Builds everything `model` asks for and reports what is wrong to `problems`; after errors it
  /// must not be started.  `predecessor` is the running instance, if any, and outlives the start.
  Instance(config::Model model, Core& core, config::Problems& problems,
           Instance* predecessor = nullptr);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance();

  /// Binds, puts the rules in force, dials.  Throws StartError.
  void start();
  /// No new visitors, no new links; what runs goes on (F-TERM).
  void drain();
  /// Ends the bridges.  Before the loops end.
  void stop();

  [[nodiscard]] const config::Model& model() const noexcept { return model_; }
  [[nodiscard]] const Plan& plan() const { return *plan_; }
  /// One line for each thing that listens or connects.
  [[nodiscard]] std::vector<std::string> summary() const;
  /// The addresses really bound, by inbound tag.
  [[nodiscard]] std::vector<std::pair<std::string, Endpoint>> listening() const;

 private:
  proxy::Context contextFor(const std::string& tag, config::Problems& problems);
  void buildOutbounds(config::Problems& problems);
  void buildPortals();
  void buildInbounds(config::Problems& problems);
  void buildBridges();
  [[nodiscard]] std::string peerOf(const config::ReverseEntry& bridge) const;
  void buildPlan(config::Problems& problems);
  void renewConfigs();
  std::shared_ptr<InboundUnit> makeInbound(const config::InboundConfig& config,
                                           config::Problems& problems);
  void makeDoors(InboundUnit& unit);
  Door* predecessorsDoor(const ListenOptions& options) const;
  [[nodiscard]] bool isShared(const std::shared_ptr<InboundUnit>& unit) const;

  void startHandlers();
  void noteListeners();
  void startBridges();
  void retirePredecessor();
  [[nodiscard]] std::vector<const void*> goneOwners() const;

  config::Model model_;
  Core& core_;
  Instance* predecessor_;
  proxy::Registry registry_;
  Surroundings surroundings_;
  Units<InboundUnit> inbounds_;
  Units<OutboundUnit> outbounds_;
  Units<PortalUnit> portals_;
  Units<BridgeUnit> bridges_;
  std::shared_ptr<Plan> plan_;
  bool started_ = false;
};

}  // namespace culvert::app

// Where flows go under one configuration: its rules and its outbounds by tag.  Immutable once
// built; a reload puts another one in its place.
#pragma once

#include "app/Notices.h"
#include "proxy/Outbound.h"
#include "routing/Router.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace culvert::app {

struct Plan {
  struct Target {
    std::string tag;
    std::shared_ptr<proxy::Outbound> outbound;
    std::string portalDomain;  ///< of a portal, in the form of normalizedDomain(); else empty
    bool closes = false;       ///< a blackhole: what is given to it was refused
  };

  Plan(routing::Router itsRouter, const config::Model& model)
      : router(std::move(itsRouter)), notices(model) {}

  routing::Router router;
  std::map<std::string, Target, std::less<>> targets;  ///< by tag; outbounds and portals
  const Target* fallback = nullptr;  ///< for what no rule matched; nullptr: it is closed
  /// Inbounds on which bridges register: their users may do what a rule says and nothing else
  /// (PORT-3).
  std::set<std::string, std::less<>> tunnelTags;
  Notices notices;

  [[nodiscard]] const Target* find(std::string_view tag) const {
    const auto found = targets.find(tag);
    return found == targets.end() ? nullptr : &found->second;
  }
};

}  // namespace culvert::app

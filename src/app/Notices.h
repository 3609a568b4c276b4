// Why a flow was closed, told on the machine where it can be mended.
//
// The files of portal and bridge cannot be checked against each other before they meet; what does
// not fit shows as a flow that no rule lets pass.  For configurations in the friendly form the
// likely slip is said, at most once a minute and text.
#pragma once

#include "base/Clock.h"
#include "config/Model.h"
#include "proxy/Session.h"
#include "reverse/Advice.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace culvert::app {

class Notices {
 public:
  explicit Notices(const config::Model& model);

  /// What to say about a session that was refused, or "".
  [[nodiscard]] std::string lineFor(const proxy::Session& session) const;
  /// Says it, unless it was said within the last minute.  Thread-safe.
  void note(const proxy::Session& session, Clock::time_point now) const;

 private:
  struct BridgeEnd {
    std::string domain;
    std::vector<config::ServiceEntry> services;
  };
  std::map<std::string, BridgeEnd> bridges_;  ///< by inbound tag
  std::vector<std::string> portalDomains_;
  std::unique_ptr<reverse::OncePerMinute> said_ = std::make_unique<reverse::OncePerMinute>();
};

}  // namespace culvert::app

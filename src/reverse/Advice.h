// Sentences for what only the two configurations together could tell: they cannot be checked
// against each other, so whoever notices says what to change.
#pragma once

#include "base/Clock.h"
#include "base/Destination.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::reverse {

/// A service a bridge offers under a name of its domain.
struct Service {
  std::string name{};
  bool tcp = true, udp = false;
  std::uint16_t firstPort = 0,
                lastPort = 0;  ///< a range asked for port by port; 0: any port will do
  std::string address{};       ///< as written, for the advice: 127.0.0.1:51820
};

/// Why a bridge with this `domain` does not serve `target`; empty: it does, or there is nothing to
/// say.
///   portal asked for service "wbe" which is not offered here (offered: web, ssh); did the portal
///   mean "web"?
std::string adviseOnService(const Destination& target, std::string_view domain,
                            const std::vector<Service>& services);

/// What is wrong when the user labelled `user` asks to register `asked` at a portal for `domains`;
/// empty: nothing to say.
///   id of "nas1" asked to register "default.bridge.culvert.internal": set bridge.name: nas1 on the
///   NAS
std::string adviseOnRegistration(std::string_view user, std::string_view asked,
                                 const std::vector<std::string>& domains);

/// Lets each text through once a minute.  Thread-safe.
class OncePerMinute {
 public:
  bool admit(const std::string& text, Clock::time_point now);

 private:
  static constexpr std::size_t kMost = 1024;
  std::mutex mutex_;
  std::map<std::string, Clock::time_point> said_;  ///< guarded by mutex_
};

}  // namespace culvert::reverse

// One compiled rule: every condition that is there must hold (AND), inside one any element suffices
// (OR).
#pragma once

#include "config/Model.h"
#include "config/Problems.h"
#include "proxy/Session.h"
#include "routing/DomainMatcher.h"
#include "routing/GeoFiles.h"
#include "routing/IpMatcher.h"
#include "routing/PortMatcher.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::routing {

class Rule {
 public:
  /// Compiles `written` and reports what cannot be read, with its place.
  Rule(const config::RuleConfig& written, const GeoFiles& files, config::Problems& problems);

  /// What of a session the conditions look at.
  struct Question {
    const proxy::Session& session;
    std::string_view name;  ///< comparable form of the target's domain; else empty
    const std::vector<Ip>* addresses = nullptr;  ///< the domain's, once looked up
  };
  enum class Answer { No, Yes, NeedsAddresses };
  /// NeedsAddresses: all but the `ip` condition hold, and that one waits for the domain's
  /// addresses.
  [[nodiscard]] Answer matches(const Question& question) const;

  [[nodiscard]] const std::string& outboundTag() const noexcept { return outboundTag_; }
  [[nodiscard]] const config::Place& place() const noexcept { return place_; }
  /// Whether the rule has an `ip` condition, so that private addresses it leads to were meant
  /// (PORT-3).
  [[nodiscard]] bool namesAddresses() const noexcept { return ip_.has_value(); }

 private:
  void compileDomain(const config::Node& node, const GeoFiles& files, config::Problems& problems);
  static std::optional<IpMatcher> compileIp(const config::Node& node, const GeoFiles& files,
                                            config::Problems& problems);
  void compileNetwork(const config::Node& node, config::Problems& problems);

  std::optional<DomainMatcher> domain_;
  std::optional<IpMatcher> ip_, source_;
  std::optional<PortMatcher> port_, sourcePort_;
  bool tcp_ = true, udp_ = true;
  std::optional<std::vector<std::string>> users_, inboundTags_;
  bool sniffed_ = false;  ///< has a `protocol` condition, which no flow of this version can meet
  std::string outboundTag_;
  config::Place place_;
};

}  // namespace culvert::routing

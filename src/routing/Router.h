// Which outbound shall have a flow: the first rule of the file whose conditions all hold.
//
// The router is pure: it looks at a Session and answers.  When an answer needs the addresses of the
// target's name (domainStrategy) it says so; whoever asked looks the name up, without blocking, and
// asks again. Source: V2Ray's routing page; v2ray-core app/router.
#pragma once

#include "config/Model.h"
#include "config/Problems.h"
#include "proxy/Session.h"
#include "routing/GeoFiles.h"
#include "routing/Rule.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace culvert::routing {

struct Verdict {
  enum class Kind {
    Rule,           ///< `rule` decided
    NoRule,         ///< no rule matched: the default outbound, if there is one
    NeedsAddresses  ///< look the target's name up and ask again with what was found, an empty list
                    ///< too
  } kind = Kind::NoRule;
  int rule = -1;  ///< its index in the file, from 0

  bool operator==(const Verdict&) const = default;
};

class Router {
 public:
  /// Compiles the rules of `model`; what is wrong with them, and warnings about rules that can
  /// never match, go to `problems`.  After an error the router must not be used.
  Router(const config::Model& model, const GeoFiles& files, config::Problems& problems);

  /// Thread-safe.  `addresses`: those of the target's domain, once looked up; empty when that
  /// failed.
  [[nodiscard]] Verdict judge(const proxy::Session& session,
                              const std::vector<Ip>* addresses = nullptr) const;

  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }
  [[nodiscard]] const Rule& rule(int index) const {
    return rules_.at(static_cast<std::size_t>(index));
  }

 private:
  enum class Strategy { AsIs, IfNonMatch, OnDemand };
  static std::optional<Strategy> parseStrategy(const std::string& text);

  std::vector<Rule> rules_;
  Strategy strategy_ = Strategy::AsIs;
  /// The names of bridges and portals: they need not exist in DNS and are never looked up.
  std::vector<std::string> tunnelNames_;
};

}  // namespace culvert::routing

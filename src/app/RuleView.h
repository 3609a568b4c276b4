// A written rule as the checks and tables of this folder look at it.
#pragma once

#include "base/Destination.h"
#include "config/Model.h"
#include "config/ModelJson.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace culvert::app {

/// Whether the rule looks at flows of the inbound.
inline bool concerns(const config::RuleConfig& rule, const std::string& inboundTag) {
  if (!rule.inboundTag) return true;
  const std::vector<std::string> tags = config::stringList(rule.inboundTag);
  return std::find(tags.begin(), tags.end(), inboundTag) != tags.end();
}

/// X of the rule's only domain pattern "full:X", in comparable form.
inline std::optional<std::string> fullDomainOf(const config::RuleConfig& rule) {
  const std::vector<std::string> patterns = config::stringList(rule.domain);
  if (patterns.size() != 1 || !patterns.front().starts_with("full:")) return std::nullopt;
  return normalizedDomain(patterns.front().substr(5));
}

/// Whether it takes every flow of the inbounds it names.
inline bool isUnconditional(const config::RuleConfig& rule) {
  return !rule.domain && !rule.ip && !rule.port && !rule.source && !rule.sourcePort && !rule.user &&
         !rule.protocol && !rule.attrs &&
         (!rule.network || config::stringList(rule.network).size() > 1);
}

/// "web" of "web.<domain>".
inline std::optional<std::string> labelBelow(const std::string& name, const std::string& domain) {
  if (name.size() <= domain.size() + 1 || !name.ends_with("." + domain)) return std::nullopt;
  return name.substr(0, name.size() - domain.size() - 1);
}

}  // namespace culvert::app

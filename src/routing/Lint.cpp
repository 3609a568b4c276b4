#include "routing/Lint.h"

#include "base/Destination.h"
#include "base/Log.h"
#include "routing/PortMatcher.h"
#include "routing/Words.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace culvert::routing {
namespace {

using config::Node;
using config::RuleConfig;

std::set<std::string> wordSet(const Node& node, bool network) {
  config::Problems ignored;  // reported when the rule was compiled
  std::set<std::string> words;
  for (const Word& word : readWords(node, ignored)) {
    words.insert(network ? normalizedDomain(word.text) : word.text);
  }
  return words;
}

/// Whether each element of `later` is one of `earlier`: then what meets the one meets the other.
bool includes(const Node& earlier, const Node& later, bool network = false) {
  if (!earlier) return true;
  if (network && wordSet(earlier, true).size() == 2) return true;  // both networks: no condition
  if (!later) return false;
  const auto outer = wordSet(earlier, network), inner = wordSet(later, network);
  return std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

bool includesPorts(const Node& earlier, const Node& later) {
  if (!earlier) return true;
  if (!later) return false;
  config::Problems ignored;
  return PortMatcher(earlier, ignored).covers(PortMatcher(later, ignored));
}

/// Whether every flow that `later` would take is taken by `earlier`.
bool covers(const RuleConfig& earlier, const RuleConfig& later) {
  if (earlier.protocol || earlier.attrs) return false;
  return includes(earlier.domain, later.domain) && includes(earlier.ip, later.ip) &&
         includesPorts(earlier.port, later.port) &&
         includes(earlier.network, later.network, true) && includes(earlier.source, later.source) &&
         includesPorts(earlier.sourcePort, later.sourcePort) &&
         includes(earlier.user, later.user) && includes(earlier.inboundTag, later.inboundTag);
}

}  // namespace

void reportUnreachableRules(const config::Model& model, config::Problems& problems) {
  std::set<std::string> tags;
  for (const auto& inbound : model.inbounds) tags.insert(inbound.tag);
  for (const auto& bridge : model.bridges) tags.insert(bridge.tag);

  for (std::size_t i = 0; i < model.rules.size(); ++i) {
    const RuleConfig& rule = model.rules[i];
    config::Problems ignored;
    for (const Word& tag : readWords(rule.inboundTag, ignored)) {
      if (tags.contains(tag.text)) continue;
      problems.warning(tag.node.place(), tag.node.path(), "unreachable",
                       "no inbound or bridge has the tag " + culvert::inQuotes(tag.text));
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (!covers(model.rules[k], rule)) continue;
      config::Problem problem;
      problem.severity = config::Severity::Warning;
      problem.place = rule.place;
      problem.path = "routing.rules[" + std::to_string(i) + "]";
      problem.code = "unreachable";
      problem.message = "this rule can never match: routing.rules[" + std::to_string(k) +
                        "] takes all its flows first";
      problem.related.push_back({model.rules[k].place, "the earlier rule is here"});
      problems.add(std::move(problem));
      break;
    }
  }
}

}  // namespace culvert::routing

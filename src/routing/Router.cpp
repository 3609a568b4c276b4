#include "routing/Router.h"

#include "base/Log.h"
#include "routing/Idna.h"
#include "routing/Lint.h"

#include <algorithm>
#include <utility>

namespace culvert::routing {

Router::Router(const config::Model& model, const GeoFiles& files, config::Problems& problems) {
  if (const auto strategy = parseStrategy(model.domainStrategy)) {
    strategy_ = *strategy;
  } else {
    problems.error(model.domainStrategyPlace, "routing.domainStrategy", "bad-form",
                   "expected AsIs, IPIfNonMatch or IPOnDemand, got " +
                       culvert::inQuotes(model.domainStrategy));
  }
  rules_.reserve(model.rules.size());
  for (const config::RuleConfig& rule : model.rules) rules_.emplace_back(rule, files, problems);
  for (const auto* entries : {&model.bridges, &model.portals}) {
    for (const config::ReverseEntry& entry : *entries)
      tunnelNames_.push_back(comparableName(entry.domain));
  }
  reportUnreachableRules(model, problems);
}

std::optional<Router::Strategy> Router::parseStrategy(const std::string& text) {
  std::string word;
  for (const char c : normalizedDomain(text)) {
    if (c != '_' && c != '-') word += c;
  }
  // V2Ray's router treats AlwaysIP and UseIp like AsIs.
  if (word.empty() || word == "asis" || word == "alwaysip" || word == "useip")
    return Strategy::AsIs;
  if (word == "ipifnonmatch") return Strategy::IfNonMatch;
  if (word == "ipondemand") return Strategy::OnDemand;
  return std::nullopt;
}

Verdict Router::judge(const proxy::Session& session, const std::vector<Ip>* addresses) const {
  static const std::vector<Ip> none;
  const std::string name =
      session.target.isDomain() ? comparableName(session.target.domain()) : std::string();
  const bool mayResolve =
      strategy_ != Strategy::AsIs && !addresses && !session.link &&
      std::find(tunnelNames_.begin(), tunnelNames_.end(), name) == tunnelNames_.end();
  const Rule::Question question{session, name,
                                mayResolve  ? nullptr
                                : addresses ? addresses
                                            : &none};

  bool waiting = false;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule::Answer answer = rules_[i].matches(question);
    if (answer == Rule::Answer::Yes) return {Verdict::Kind::Rule, static_cast<int>(i)};
    if (answer == Rule::Answer::NeedsAddresses) {
      if (strategy_ == Strategy::OnDemand) return {Verdict::Kind::NeedsAddresses, -1};
      waiting = true;
    }
  }
  return {waiting ? Verdict::Kind::NeedsAddresses : Verdict::Kind::NoRule, -1};
}

}  // namespace culvert::routing

// Section `advanced` beside `bridge` and `portal`: V2Ray's objects behind the generated ones.
#include "base/Log.h"
#include "config/ConvertParts.h"
#include "config/ModelJson.h"

#include <map>
#include <string>
#include <utility>

namespace culvert::config {
namespace {

using Tags = std::map<std::string, Node>;  // tag -> the object that has it

/// What a session may come from, by tag; and where it may go.
Tags sourceTags(const Model& model) {
  Tags tags;
  for (const InboundConfig& inbound : model.inbounds) tags.emplace(inbound.tag, inbound.source);
  for (const ReverseEntry& bridge : model.bridges) tags.emplace(bridge.tag, bridge.object);
  return tags;
}
Tags targetTags(const Model& model) {
  Tags tags;
  for (const OutboundConfig& outbound : model.outbounds)
    tags.emplace(outbound.tag, outbound.source);
  for (const ReverseEntry& portal : model.portals) tags.emplace(portal.tag, portal.object);
  return tags;
}

std::string made(const Node& object) {
  return object.path().empty() ? std::string("the rest of this file") : object.path();
}

void refuseEqualTag(const Tags& generated, const std::string& tag, const Node& object,
                    Problems& problems) {
  const auto known = generated.find(tag);
  if (tag.empty() || known == generated.end()) return;
  const Node at = object["tag"];
  Problem problem{.place = at.place(),
                  .path = at.path(),
                  .code = "duplicate",
                  .message = "tag " + inQuotes(tag) + " is already that of what " +
                             made(known->second) + " makes",
                  .hint = "choose another tag",
                  .secret = at.isSecret(),
                  .related = {}};
  if (known->second.place().line > 0)
    problem.related.push_back({known->second.place(), "made from here"});
  problems.add(std::move(problem));
}

void refuseEqualTags(const Model& model, const Model& advanced, Problems& problems) {
  const Tags sources = sourceTags(model), targets = targetTags(model);
  for (const InboundConfig& inbound : advanced.inbounds)
    refuseEqualTag(sources, inbound.tag, inbound.source, problems);
  for (const ReverseEntry& bridge : advanced.bridges)
    refuseEqualTag(sources, bridge.tag, bridge.object, problems);
  for (const OutboundConfig& outbound : advanced.outbounds)
    refuseEqualTag(targets, outbound.tag, outbound.source, problems);
  for (const ReverseEntry& portal : advanced.portals)
    refuseEqualTag(targets, portal.tag, portal.object, problems);
}

/// The generated rules of a generated inbound come first and leave nothing over.
void refuseRulesWithoutEffect(const Model& model, const Model& advanced, Problems& problems) {
  const Tags sources = sourceTags(model);
  for (const RuleConfig& rule : advanced.rules) {
    const auto check = [&](const Node& at, const std::string& tag) {
      const auto known = sources.find(tag);
      if (known == sources.end()) return;
      error(problems, at, "unreachable",
            "the rule can never match: what comes in by " + inQuotes(tag) + " is ruled by " +
                made(known->second),
            "name an inbound of this section");
    };
    if (rule.inboundTag.isList()) {
      for (const Node& tag : rule.inboundTag.items()) check(tag, tag.text());
    } else {
      for (const std::string& tag : stringList(rule.inboundTag)) check(rule.inboundTag, tag);
    }
  }
}

template <class T>
void append(std::vector<T>& to, std::vector<T>&& more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

void addAdvanced(const SimpleFile& file, Model& model, Problems& problems) {
  const Node& node = file.advanced.node;
  if (!node.isMap())
    return expected(problems, node, "bad-type",
                    "a map of inbounds, outbounds, routing, reverse, ...");
  Model advanced;
  readV2Ray(node, advanced, problems);

  refuseEqualTags(model, advanced, problems);
  refuseRulesWithoutEffect(model, advanced, problems);
  if (const Node level = node["policy"]["levels"]["0"]; level && file.timeouts.given())
    error(problems, level, "conflict", "does not go with timeouts, which set the same",
          "write one of the two");
  if (node["threads"] && file.threads.given())
    error(problems, node["threads"], "conflict", "does not go with threads at the top",
          "write one of the two");

  append(model.inbounds, std::move(advanced.inbounds));
  append(model.outbounds, std::move(advanced.outbounds));
  append(model.rules, std::move(advanced.rules));
  append(model.bridges, std::move(advanced.bridges));
  append(model.portals, std::move(advanced.portals));
  model.domainStrategy = std::move(advanced.domainStrategy);
  model.domainStrategyPlace = std::move(advanced.domainStrategyPlace);
  if (!file.timeouts.given()) model.policy = advanced.policy;
  if (!file.threads.given()) model.threads = advanced.threads;
  model.portalAsDefault = advanced.portalAsDefault;
  model.idMapping = advanced.idMapping;
}

}  // namespace culvert::config

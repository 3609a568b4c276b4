#include "config/Friendly.h"

#include "config/ConvertParts.h"
#include "config/FriendlyText.h"
#include "config/NodeWriters.h"

#include <algorithm>
#include <string>
#include <utility>

namespace culvert::config {
namespace {

bool isDeny(const OutboundConfig& outbound) {
  return outbound.tag == convert::kDeny && outbound.protocol == "blackhole" &&
         outbound.settings.entries().empty();
}

/// The tree with the references its values came from.
Node withReferences(const Node& node) {
  if (Node reference = node.reference()) return reference;
  if (node.isMap()) {
    std::vector<Node::Entry> entries = node.entries();
    for (Node::Entry& entry : entries) entry.value = withReferences(entry.value);
    return Node::map(std::move(entries), node.place());
  }
  if (node.isList()) {
    std::vector<Node> items = node.items();
    for (Node& item : items) item = withReferences(item);
    return Node::list(std::move(items), node.place());
  }
  return node;
}

std::string advancedText(const Model& model, Secrets secrets) {
  std::vector<Node::Entry> entries = toV2Ray(model).entries();
  std::erase_if(entries, [](const Node::Entry& entry) { return entry.key == "log"; });
  Node objects = Node::map(std::move(entries));
  if (secrets == Secrets::Keep) objects = withReferences(objects);
  std::string text =
      writeYaml(Node::map({{"version", {}, Node::number(1)}, {"advanced", {}, objects}}));
  return text + friendlyLog(model.log);
}

void addNotes(const Model& model, bool isAdvanced, Problems& notes) {
  if (isAdvanced)
    notes.note({}, "advanced", "convert",
               "bridge and portal cannot say all of this; it is written in V2Ray's words");
  if (model.dialect == Dialect::Json && !model.policy.connIdle)
    notes.note({}, "timeouts.idle", "convert", "V2Ray's default is 300s, here it is 2h",
               "timeouts: {idle: 300s} keeps the old one");
  const bool open =
      std::any_of(model.outbounds.begin(), model.outbounds.end(),
                  [](const OutboundConfig& outbound) { return outbound.tag == "out"; });
  if (!isAdvanced && !model.bridges.empty() && open)
    notes.note({}, "bridge.allow", "convert",
               "the portal can reach everything that the bridge's machine can",
               "name services instead, e.g. services: {web: 127.0.0.1:80}");
}

}  // namespace

bool sameButDeny(const Model& a, const Model& b) {
  if (a.outbounds.empty() == b.outbounds.empty()) return sameModel(a, b);
  Model fuller = a.outbounds.empty() ? b : a;
  if (fuller.outbounds.size() == 1 && isDeny(fuller.outbounds.front())) fuller.outbounds.clear();
  return sameModel(a.outbounds.empty() ? a : b, fuller);
}

std::string toFriendlyYaml(const Model& model, Problems& notes, Secrets secrets) {
  if (const auto plain = friendlyText(model, Secrets::Show)) {
    const Loaded again = loadText("converted.yaml", *plain);
    if (again.problems.errors() == 0 && sameButDeny(again.model, model)) {
      addNotes(model, false, notes);
      return secrets == Secrets::Show ? *plain : *friendlyText(model, secrets);
    }
  }
  addNotes(model, true, notes);
  return advancedText(model, secrets);
}

}  // namespace culvert::config

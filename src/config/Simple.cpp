#include "config/Simple.h"

#include "base/Log.h"
#include "config/NodeData.h"
#include "config/Suggest.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace culvert::config {

namespace simple_detail {

Node scalar(const Node& node, bool referable, const std::string& form, Problems& problems) {
  Node value = node;
  if (referable && isReference(node)) {
    value = resolveReference(node, problems);
    if (!value) return {};
  }
  switch (value.kind()) {
    case Node::Kind::String:
    case Node::Kind::Number:
      return value;
    case Node::Kind::Bool:
      expected(problems, value, "bad-type", form, "put the word in quotes if it is meant");
      return {};
    case Node::Kind::List:
      expected(problems, value, "bad-type", form, "write one value, without the \"- \"");
      return {};
    case Node::Kind::Map:
      expected(problems, value, "bad-type", form,
               referable
                   ? "a secret may stand elsewhere: {env: NAME}, {file: path} or {credential: name}"
                   : "");
      return {};
    default:
      error(problems, value, "empty", "is empty");
      return {};
  }
}

void complain(const Node& node, const Complaint& complaint, bool isId, Problems& problems) {
  if (isId) return error(problems, node, "bad-form", complaint.instead);
  if (node.isSecret()) return expected(problems, node, "bad-form", complaint.expected);
  if (!complaint.instead.empty())
    return error(problems, node, "bad-form", complaint.instead, complaint.hint);
  error(problems, node, "bad-form",
        "expected " + complaint.expected + ", got " + found(node) + complaint.aside,
        complaint.hint);
}

namespace {
Node text(std::string value) {
  return Node::string(std::move(value));
}
Node object(const std::vector<std::pair<std::string, Node>>& members) {
  std::vector<Node::Entry> entries;
  for (const auto& [key, value] : members) entries.push_back({key, {}, value});
  return Node::map(std::move(entries));
}
}  // namespace

Node patternSchema(const std::string& pattern, bool referable) {
  Node plain =
      object({{"type", Node::list({text("string"), text("integer")})}, {"pattern", text(pattern)}});
  if (!referable) return plain;
  const Node word = object({{"type", text("string")}});
  const Node reference =
      object({{"type", text("object")},
              {"properties", object({{"env", word}, {"file", word}, {"credential", word}})},
              {"additionalProperties", Node::boolean(false)},
              {"minProperties", Node::number(1)},
              {"maxProperties", Node::number(1)}});
  return object({{"anyOf", Node::list({plain, reference})}});
}

bool isNameMap(const Node& node, const std::string& example, Problems& problems) {
  if (node.isMap()) return true;
  const bool list = node.isList();
  error(
      problems, node, "bad-type",
      "expected a map (" + example + "), got " + found(node) + (list ? "; remove the \"- \"" : ""));
  return false;
}

bool isName(const Node::Entry& entry, Problems& problems) {
  if (entry.value.kind() == Node::Kind::Null) {
    problems.error(entry.keyPlace, entry.value.path(), "empty", "is empty");
    return false;
  }
  const auto parsed = Name::read(entry.key);
  const auto* complaint = std::get_if<Complaint>(&parsed);
  if (complaint)
    problems.error(entry.keyPlace, entry.value.path(), "bad-form",
                   "expected " + complaint->expected + ", got " + inQuotes(entry.key),
                   complaint->hint);
  return complaint == nullptr;
}

Node nameMapSchema(const Node& values) {
  return object({{"type", text("object")},
                 {"propertyNames", object({{"pattern", text(Name::pattern())}})},
                 {"additionalProperties", values}});
}

namespace {

/// Where each key of the format belongs, for keys in the wrong place.
template <class T>
void addHomes(std::vector<KeyHome>& homes, const std::string& home) {
  for (std::string& key : keysOf(describe<T>())) homes.push_back({std::move(key), home});
}
std::vector<KeyHome> allHomes() {
  std::vector<KeyHome> homes;
  addHomes<SimpleFile>(homes, "no other key");
  addHomes<SimpleBridge>(homes, "bridge:");
  addHomes<SimplePortal>(homes, "portal:");
  addHomes<SimplePublish>(homes, "portal.publish:");
  addHomes<SimpleLog>(homes, "log:");
  addHomes<SimpleTimeouts>(homes, "timeouts:");
  return homes;
}

/// The map with other entries.
Node withEntries(const Node& map, std::vector<Node::Entry> entries) {
  auto data = std::make_shared<Node::Data>(Node::Data::of(map));
  data->entries = std::move(entries);
  return Node(std::move(data));
}

}  // namespace

Node knownKeys(const Node& map, const std::vector<std::string>& legal, Problems& problems) {
  std::vector<Node::Entry> known;
  for (const Node::Entry& entry : map.entries()) {
    if (std::find(legal.begin(), legal.end(), entry.key) != legal.end()) {
      known.push_back(entry);
      continue;
    }
    const std::string near = didYouMean(entry.key, legal);
    std::string hint;
    if (near.empty()) {
      static const std::vector<KeyHome> homes = allHomes();
      hint = belongsUnder(entry.key, homes);
      if (hint.empty()) hint = foreignKey(entry.key, static_cast<bool>(map["server"]));
    }
    problems.error(entry.keyPlace, entry.value.path(), "unknown-key", "unknown key" + near,
                   std::move(hint));
  }
  return known.size() == map.entries().size() ? map : withEntries(map, std::move(known));
}

bool isForLater(const Node& section, Problems& problems) {
  const Node protocol = section["protocol"];
  if (protocol.text() != "shadowsocks") return false;
  constexpr std::array<std::string_view, 5> kLater{"protocol", "method", "password", "transport",
                                                   "tls"};
  for (const Node::Entry& entry : section.entries()) {
    if (std::find(kLater.begin(), kLater.end(), entry.key) != kLater.end())
      problems.error(entry.value.place(), entry.value.path(), "unsupported", "not in this version");
  }
  return true;
}

}  // namespace simple_detail

namespace {

bool isReadable(const Node& root, Problems& problems) {
  if (!root.isMap()) {
    if (root) expected(problems, root, "bad-type", "a map of bridge, portal, ...");
    return false;
  }
  const Node version = root["version"];
  if (!version) {
    problems.warning(root.place(), "version", "missing-key", "is missing; taken as 1",
                     "write version: 1");
    return true;
  }
  auto number = readWhole(version.text(), 0, 1'000'000, "");
  if (const auto* value = std::get_if<std::uint32_t>(&number); value && *value > kSimpleVersion) {
    error(problems, version, "version",
          "this file needs a newer Culvert (version " + std::to_string(*value) +
              ", this program reads " + std::to_string(kSimpleVersion) + ")");
    return false;
  } else if (value && *value == 0) {
    error(problems, version, "version", "expected 1, got 0");
    return false;
  }
  return true;
}

}  // namespace

SimpleFile readSimple(const Node& root, Problems& problems) {
  SimpleFile file;
  if (!isReadable(root, problems)) return file;

  const bool any = root["bridge"] || root["portal"] || root["advanced"];
  const auto before = problems.errors();
  readSection(root, file, problems);
  if (!any && problems.errors() == before)
    problems.error(root.place(), "", "missing-key",
                   "nothing to do: expected bridge, portal or advanced",
                   "\"culvert init bridge\" writes an example");
  return file;
}

std::string domainOf(const Given<DomainName>& domain, const std::string& name) {
  if (domain) return domain->text;
  return (name.empty() ? std::string("default") : name) + ".bridge.culvert.internal";
}

}  // namespace culvert::config

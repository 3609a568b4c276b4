#include "config/Schema.h"

#include "config/ModelJson.h"
#include "config/Simple.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace culvert::config {
namespace {

Node::Entry member(std::string key, Node value) {
  return {std::move(key), {}, std::move(value)};
}

Node with(const Node& map, std::vector<Node::Entry> more) {
  std::vector<Node::Entry> entries = map.entries();
  for (Node::Entry& entry : more) {
    const auto same =
        std::find_if(entries.begin(), entries.end(),
                     [&entry](const Node::Entry& one) { return one.key == entry.key; });
    if (same == entries.end()) {
      entries.push_back(std::move(entry));
    } else {
      same->value = std::move(entry.value);
    }
  }
  return Node::map(std::move(entries));
}

Node required(const char* key) {
  return Node::map({member("required", Node::list({Node::string(key)}))});
}

}  // namespace

std::vector<FieldInfo> advancedKeys() {
  constexpr auto kElsewhere =
      std::to_array<std::string_view>({"log", "port", "inbound", "outbound", "inboundDetour",
                                       "outboundDetour"});  // old names, or friendly
  std::vector<FieldInfo> keys = describeV2Ray();
  std::erase_if(keys, [&](const FieldInfo& key) {
    return std::find(kElsewhere.begin(), kElsewhere.end(), key.key) != kElsewhere.end();
  });
  return keys;
}

Node simpleSchema() {
  std::vector<FieldInfo> keys = describe<SimpleFile>();
  const Node simple = jsonSchema(keys);
  const Node advanced =
      with(jsonSchema(advancedKeys()),
           {member("description", Node::string("anything else, in V2Ray's words"))});
  return with(
      Node::map({member("$schema", Node::string("https://json-schema.org/draft/2020-12/schema")),
                 member("title", Node::string("Culvert configuration"))}),
      with(with(simple,
                {member("properties", with(simple["properties"], {member("advanced", advanced)}))}),
           {member("anyOf",
                   Node::list({required("bridge"), required("portal"), required("advanced")}))})
          .entries());
}

}  // namespace culvert::config

#include "config/Convert.h"
#include "config/Files.h"
#include "config/Model.h"
#include "config/ModelCheck.h"
#include "config/ModelJson.h"
#include "config/NodeReaders.h"
#include "config/Text.h"

#include <cstdio>
#include <utility>

namespace culvert::config {
namespace {

/// A *.json file, or one whose first visible character is a brace.
bool isJson(const Source& source) {
  constexpr std::string_view kSuffix = ".json";
  const std::string_view name = source.name;
  if (name.size() > kSuffix.size() &&
      equalsIgnoreCase(name.substr(name.size() - kSuffix.size()), kSuffix)) {
    return true;
  }
  const std::size_t first = source.text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && source.text[first] == '{';
}

/// The first value that is a secret and stands in the file itself.
Node findSecret(const Node& node) {
  if (node.isSecret() && !node.reference()) return node;
  for (const Node& item : node.items()) {
    if (Node secret = findSecret(item)) return secret;
  }
  for (const Node::Entry& entry : node.entries()) {
    if (Node secret = findSecret(entry.value)) return secret;
  }
  return {};
}

std::string octal(unsigned mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 07777U);
  return text;
}

Loaded loadJson(const std::shared_ptr<const Source>& source, Node& root) {
  Loaded loaded;
  loaded.model.dialect = Dialect::Json;
  root = parseJson(source, loaded.problems);
  if (!root) return loaded;
  if (!root.isMap()) {
    expected(loaded.problems, root, "bad-type", "an object { }");
    return loaded;
  }
  readV2Ray(root, loaded.model, loaded.problems);
  checkModel(loaded.model, loaded.problems);
  const bool isIdle = loaded.model.inbounds.empty() && loaded.model.bridges.empty();
  if (isIdle && loaded.problems.errors() == 0) {
    loaded.problems.warning(root.place(), "", "empty", "nothing to do: no inbounds and no bridges");
  }
  return loaded;
}

Loaded loadYaml(const std::shared_ptr<const Source>& source, Node& root) {
  Loaded loaded;
  loaded.model.dialect = Dialect::Yaml;
  root = parseYaml(source, loaded.problems);
  if (!root) return loaded;
  loaded.model = simpleToModel(root, loaded.problems);
  loaded.model.dialect = Dialect::Yaml;
  if (loaded.problems.errors() == 0) checkModel(loaded.model, loaded.problems);
  return loaded;
}

Loaded loadSource(const std::shared_ptr<const Source>& source, Node& root) {
  return isJson(*source) ? loadJson(source, root) : loadYaml(source, root);
}

}  // namespace

Loaded load(const std::string& path) {
  FileText file = readFile(path, kMaxFileBytes);
  const auto source = makeSource(path, std::move(file.text), absoluteDirectory(path));
  Node root;
  Loaded loaded = loadSource(source, root);
  const Place whole{source, 0, 0, 0};
  if (file.readableByOthers && findSecret(root)) {
    loaded.problems.warning(
        whole, "", "secret",
        "readable by everybody (mode " + octal(file.mode) + ") and holds a secret",
        "chmod 600 " + path);
  }
  if (file.ownedByStranger) {
    loaded.problems.warning(whole, "", "secret", "belongs to somebody else, who can change it",
                            "its owner should be root or the account this program runs as");
  }
  if (file.isPlantable) {
    loaded.problems.warning(whole, "", "secret", "is a link in a folder that others may write to",
                            "name the file that it leads to");
  }
  return loaded;
}

Loaded loadText(const std::string& name, std::string text) {
  Node root;
  return loadSource(makeSource(name, std::move(text), absoluteDirectory(name)), root);
}

}  // namespace culvert::config

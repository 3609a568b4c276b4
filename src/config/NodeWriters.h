// From Nodes to text.  What is written reads back as the same value (Node::sameAs).
#pragma once

#include "config/Node.h"

#include <string>

namespace culvert::config {

/// JSON, indented by two, keys in the tree's order, a line feed at the end; Absent values are left
/// out.
std::string writeJson(const Node& node);
/// The same with the keys of every map sorted by byte order, for golden files.
std::string writeCanonicalJson(const Node& node);

/// YAML in block style, two spaces per level, quotes only where a plain scalar would mean something
/// else.
std::string writeYaml(const Node& node);
/// One scalar as it stands in such a file: web, "8080", "*.example.com".
std::string yamlScalar(const Node& node);

}  // namespace culvert::config

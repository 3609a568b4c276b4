// What editors and manuals know about the friendly YAML, made from the same lists of keys that read
// it.
#pragma once

#include "config/Fields.h"
#include "config/Node.h"

#include <string>
#include <vector>

namespace culvert::config {

/// JSON Schema (draft 2020-12) of a configuration in YAML: completion, red lines.
Node simpleSchema();

/// The keys of V2Ray that section `advanced` takes.
std::vector<FieldInfo> advancedKeys();

/// docs/configuration.md: the reference of all keys and value forms, as Markdown.
std::string referenceText();

}  // namespace culvert::config

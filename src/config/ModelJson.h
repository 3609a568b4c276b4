// V2Ray 4's JSON as a Model and back: root, inbounds, outbounds, routing, reverse, log, policy,
// with Culvert's own keys.  The settings of protocols stay Nodes.  Serves *.json files and the
// `advanced` section of the YAML front end, which has the same keys under stricter rules.  Sources:
// V2Ray's manual, infra/conf of v2ray-core 4.34.
#pragma once

#include "config/Fields.h"
#include "config/Model.h"

#include <string>
#include <vector>

namespace culvert::config {

/// Adds what `root` says to `model`: lists behind what is there, single values in their place.
/// Reports what is wrong with the form of each part; what only makes sense together is
/// checkModel()'s. For YAML (the map below `advanced`) every reference is resolved first, and `log`
/// is refused.
void readV2Ray(const Node& root, Model& model, Problems& problems);

/// toV2Ray() with every default filled in, for golden files (write it with writeCanonicalJson).
Node toFullV2Ray(const Model& model);

/// The keys of a V2Ray file, for the manual, the schema and suggestions.
std::vector<FieldInfo> describeV2Ray();

/// The texts of a string list: a list, or one text with commas.  Anything else in it is left out.
std::vector<std::string> stringList(const Node& node);

}  // namespace culvert::config

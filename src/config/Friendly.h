// From the model back to files: the friendly YAML, and V2Ray's own JSON as V2Ray can load it.
#pragma once

#include "config/Model.h"
#include "config/Node.h"
#include "config/Problems.h"

#include <string>

namespace culvert::config {

/// Whether values behind a secret reference are written out.
enum class Secrets { Keep, Show };

/// The model as the friendly YAML: sections `bridge` and `portal` if reading them again gives an
/// equal model, else section `advanced`.  References stay references unless shown.  `notes` says
/// what a reader should know.
std::string toFriendlyYaml(const Model& model, Problems& notes, Secrets secrets = Secrets::Keep);

/// The model as a file for V2Ray 4: without Culvert's own keys.  What V2Ray would do without is
/// dropped with a note; what would change its meaning, and every hidden reference, is an error at
/// its place.
Node toV2RayFile(const Model& model, Problems& problems, Secrets secrets = Secrets::Keep);

/// Whether both mean the same V2Ray JSON; a lone `deny` where the other has no outbound at all is
/// no difference.
bool sameButDeny(const Model& a, const Model& b);

}  // namespace culvert::config

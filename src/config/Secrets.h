// Secrets that stand outside the configuration, and what is known about those inside (KEY-2,
// KEY-7).
//
//   id: {env: CULVERT_ID}          from the environment of the process
//   id: {file: nas1.id}            the first line of a file, counted from the configuration's
//   directory id: {credential: nas1}         $CREDENTIALS_DIRECTORY/nas1 (systemd)
//
// YAML only.  Values read this way are secret Nodes that remember their reference, so that nothing
// writes them out by accident.
#pragma once

#include "base/Uuid.h"
#include "config/Node.h"
#include "config/Problems.h"

#include <string_view>

namespace culvert::config {

/// Whether `node` is a YAML map with exactly one key, and that is env, file or credential.
[[nodiscard]] bool isReference(const Node& node);

/// The value `node` refers to: a secret String with the reference's place and path.  Anything but a
/// reference comes back as it is.  Absent: reported.
Node resolveReference(const Node& node, Problems& problems);

/// The tree with every reference in it resolved; those that cannot be stay, reported.
Node resolveReferences(const Node& root, Problems& problems);

/// Whether keys of this name hold a secret: id, password, pass, psk, token, secret, uuid, key.
[[nodiscard]] bool isSecretKey(std::string_view key);

/// Whether the id stands in a public manual, so that everybody knows it (KEY-7).
[[nodiscard]] bool isPublishedId(const Uuid& id);

/// Warns when `node` holds a published id or a password shorter than 16 characters (KEY-7).
void warnIfPublished(const Node& node, const Uuid& id, Problems& problems);
void warnIfShort(const Node& node, std::string_view password, Problems& problems);

}  // namespace culvert::config

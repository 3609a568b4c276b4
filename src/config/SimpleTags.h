// How the conversion calls what it makes of the friendly YAML, and who its bridges are.
#pragma once

#include "config/Simple.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace culvert::config {

/// One NAS of a portal, of the bare form or of several.
struct SimpleMemberView {
  std::string name;  ///< empty: the bare form
  const Given<UserId>* id;
  const Given<AlterId>* alterId;
  std::string domain;
  Node node;  ///< the entry under bridges; Absent in the bare form
};
/// Valid while `portal` is.  Entries that could not be read are left out.
std::vector<SimpleMemberView> membersOf(const SimplePortal& portal);
/// Whose service or address `to` is; nothing: unknown or not said.
std::optional<std::size_t> memberFor(const std::vector<SimpleMemberView>& members, const To& to);

/// external, external-80, external-web, external-web-6000, external-53-udp, ...: one per port.
std::vector<std::string> inboundTags(const SimplePublish& publish, std::size_t entries);
/// "portal", "portal-nas1"; "bridge", "bridge-nas1".
std::string taggedName(const std::string& word, const std::string& name);
/// "" for the first server, "-2" for the second.
std::string serverSuffix(std::size_t index);

}  // namespace culvert::config

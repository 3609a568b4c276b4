// The file `convert --to v2ray` writes.
#include "config/ConvertParts.h"
#include "config/Friendly.h"
#include "config/ModelJson.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace culvert::config {
namespace {

/// Culvert's own keys, by where they stand: * is any item or key.
struct Extension {
  std::string_view path;  // of the key, without indices: inbounds.settings.udpIdle
  enum class Use { Dropped, Refused } use;
};
constexpr auto kExtensions = std::to_array<Extension>({
    {"threads", Extension::Use::Dropped},
    {"compat", Extension::Use::Refused},
    {"log.format", Extension::Use::Dropped},
    {"log.addresses", Extension::Use::Dropped},
    {"inbounds.settings.udpIdle", Extension::Use::Dropped},
    {"inbounds.settings.sendProxyProtocol", Extension::Use::Refused},
    {"inbounds.settings.openProxy", Extension::Use::Refused},
    {"inbounds.streamSettings.sockopt.acceptProxyProtocolFrom", Extension::Use::Refused},
    {"outbounds.settings.reach", Extension::Use::Refused},
    {"outbounds.settings.vnext.users.legacy", Extension::Use::Refused},
    {"outbounds.streamSettings.tlsSettings.culvertPins", Extension::Use::Refused},
});

class Exporter {
 public:
  Exporter(Problems& problems, Secrets secrets) : problems_(problems), secrets_(secrets) {}

  /// `path` of the map of the file, `at` for messages where the value itself has no place.
  Node copy(const Node& node, const std::string& path) {
    if (secrets_ == Secrets::Keep && node.reference()) {
      error(problems_, node, "secret", "V2Ray has no secret references",
            "--show-secrets writes the secret itself; keep the file to yourself then");
      return node;
    }
    if (node.isMap()) return map(node, path);
    if (!node.isList()) return node;
    std::vector<Node> items;
    for (const Node& item : node.items()) items.push_back(copy(item, path));
    return Node::list(std::move(items), node.place());
  }

 private:
  Node map(const Node& node, const std::string& path) {
    std::vector<Node::Entry> kept;
    for (const Node::Entry& entry : node.entries()) {
      const std::string at = path.empty() ? entry.key : path + "." + entry.key;
      const auto extension = std::find_if(kExtensions.begin(), kExtensions.end(),
                                          [&at](const Extension& one) { return one.path == at; });
      if (extension == kExtensions.end()) {
        kept.push_back({entry.key, entry.keyPlace, copy(entry.value, at)});
      } else if (!isOff(entry.value)) {
        tell(entry, at, extension->use);
      }
    }
    return Node::map(std::move(kept), node.place());
  }

  static bool isOff(const Node& value) {
    return value.kind() == Node::Kind::Bool ? !value.boolean() : value.text() == "0";
  }

  void tell(const Node::Entry& entry, const std::string& at, Extension::Use use) {
    const std::string& written = entry.value.path();
    const std::string& path = written.empty() ? at : written;
    if (use == Extension::Use::Dropped) {
      problems_.note(entry.value.place(), path, "convert", "V2Ray has no such key; left out");
    } else {
      problems_.error(entry.value.place(), path, "convert",
                      "V2Ray cannot do this, and without it the file would mean something else");
    }
  }

  Problems& problems_;
  Secrets secrets_;
};

}  // namespace

Node toV2RayFile(const Model& model, Problems& problems, Secrets secrets) {
  Model file = model;
  // Without any outbound V2Ray would send what no rule covers to the first portal.
  if (file.outbounds.empty() && !file.portals.empty()) file.outbounds.push_back(convert::deny({}));
  for (InboundConfig& inbound : file.inbounds) {
    if (const Node port = inbound.source["port"]; port.reference())
      Exporter(problems, secrets).copy(port, {});
    if (!std::exchange(inbound.optional, false)) continue;
    const Node optional = inbound.source["optional"];
    problems.note(optional.place(), optional.path(), "convert", "V2Ray has no such key; left out");
  }
  return Exporter(problems, secrets).copy(toV2Ray(file), {});
}

}  // namespace culvert::config

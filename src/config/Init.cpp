#include "config/Init.h"

#include "config/Node.h"
#include "config/NodeWriters.h"

namespace culvert::config {
namespace {

std::string bridgeText(const std::string& id, const std::string& server) {
  return "# Culvert on the NAS: offers its services to the portal on the VPS.\n"
         "version: 1\n"
         "bridge:\n"
         "  # The VPS: its name or address, and the port its portal listens on for bridges.\n"
         "  server: " +
         yamlScalar(Node::string(server)) +
         "\n"
         "  # The secret both sides share.  Keep this file to yourself (mode 600).\n"
         "  id: " +
         id +
         "\n"
         "  # What the portal may reach, by name; nothing else.  udp:// in front for UDP.\n"
         "  services:\n"
         "    web: 127.0.0.1:80\n"
         "    # ssh: 127.0.0.1:22\n"
         "    # wireguard: udp://127.0.0.1:51820\n";
}

std::string portalText(const std::string& id, const std::string& port) {
  return "# Culvert on the VPS: visitors come in here and reach services of the NAS.\n"
         "version: 1\n"
         "portal:\n"
         "  # Where the bridge connects; open this port and the published ones in the firewall.\n"
         "  listen: " +
         port +
         "\n"
         "  # The secret both sides share.  Keep this file to yourself (mode 600).\n"
         "  id: " +
         id +
         "\n"
         "  # Public ports, and the service of the NAS each leads to.\n"
         "  publish:\n"
         "    - listen: 80\n"
         "      to: web\n"
         "    # - {listen: 2222, to: ssh, allow_from: 198.51.100.0/24}\n"
         "    # - {listen: 51820/udp, to: wireguard}\n";
}

}  // namespace

std::string initText(Side side, std::string_view id, std::string_view server) {
  const std::string key(id), host(server);
  if (side == Side::Bridge) return bridgeText(key, host);
  return portalText(key, host.substr(host.rfind(':') + 1));
}

}  // namespace culvert::config

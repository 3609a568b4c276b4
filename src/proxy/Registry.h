// The protocols this program knows, filled by the generated Protocols.cpp: every folder below
// src/proxy has an add(Registry&).  An object that the instance owns: no static constructors, no
// hidden global.
#pragma once

#include "config/Node.h"
#include "config/Problems.h"
#include "net/Sockets.h"
#include "proxy/Inbound.h"
#include "proxy/Outbound.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::proxy {

/// What a protocol's factory may use.  All referenced objects outlive what the factory makes,
/// except `problems`, which is for the call only: a factory reports what is wrong with its settings
/// there, with the place, and may return nullptr.
struct Context {
  Sockets& sockets;
  Dispatcher& dispatcher;
  MuxAcceptor& mux;
  config::Problems& problems;
  std::shared_ptr<const InboundInfo> inbound;  ///< inbounds only
  std::string tag;                             ///< of the inbound or outbound
  std::string key;             ///< installation-wide secret material for AUTH-3's constant
  std::string stateDirectory;  ///< where replay histories live (RPL-6); empty: none
  bool lenient = false;  ///< the configuration is V2Ray's JSON: what V2Ray shrugs at is a warning
  std::chrono::seconds handshake{
      0};  ///< written `handshake` time-out, replaces AUTH-3's 60; 0: absent
  /// sendThrough of the outbound: empty or one address.
  std::vector<Ip> sendThrough;
  /// Whether dialling that address would reach a listener of this process (REACH-3).  Thread-safe,
  /// copied by who needs it; empty: there are none.
  std::function<bool(Network, const Endpoint&)> isOwnListener;
};

using InboundFactory = std::function<InboundHandlerPtr(const config::Node& settings, Context&)>;
using OutboundFactory =
    std::function<std::unique_ptr<Outbound>(const config::Node& settings, Context&)>;

class Registry {
 public:
  void inbound(std::string protocol, InboundFactory make);
  void outbound(std::string protocol, OutboundFactory make);
  /// nullptr: no such protocol.  Names compare case-insensitively.
  [[nodiscard]] const InboundFactory* findInbound(std::string_view protocol) const;
  [[nodiscard]] const OutboundFactory* findOutbound(std::string_view protocol) const;
  [[nodiscard]] std::vector<std::string> inbounds() const;
  [[nodiscard]] std::vector<std::string> outbounds() const;

 private:
  std::map<std::string, InboundFactory, std::less<>> inbounds_;
  std::map<std::string, OutboundFactory, std::less<>> outbounds_;
};

/// Generated: calls add() of every protocol folder.
void addAllProtocols(Registry& registry);

}  // namespace culvert::proxy

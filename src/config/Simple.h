// The friendly YAML: its sections, each with the list of its keys (Fields.h), as it was read.
//
// The lists are the only place that names the keys: the reader, the JSON Schema and the manual's
// tables all come from them, in this order.  A text ends in the default where there is one.
#pragma once

#include "config/LogWords.h"
#include "config/SimpleValues.h"

#include <cstdint>
#include <vector>

namespace culvert::config {

constexpr std::uint32_t kSimpleVersion = 1;  ///< the version of this format that the program reads

enum class SimpleProtocol { Vmess, Shadowsocks };
inline constexpr Word<SimpleProtocol> kSimpleProtocols[] = {
    {"vmess", SimpleProtocol::Vmess}, {"shadowsocks", SimpleProtocol::Shadowsocks}};
constexpr Words<SimpleProtocol> words(SimpleProtocol) {
  return kSimpleProtocols;
}

enum class SimpleAllow { Any };
inline constexpr Word<SimpleAllow> kSimpleAllows[] = {{"any", SimpleAllow::Any}};
constexpr Words<SimpleAllow> words(SimpleAllow) {
  return kSimpleAllows;
}

enum class SimpleLevel { Debug, Info, Warning, Error, None };
inline constexpr Word<SimpleLevel> kSimpleLevels[] = {{"debug", SimpleLevel::Debug},
                                                      {"info", SimpleLevel::Info},
                                                      {"warning", SimpleLevel::Warning},
                                                      {"error", SimpleLevel::Error},
                                                      {"none", SimpleLevel::None}};
constexpr Words<SimpleLevel> words(SimpleLevel) {
  return kSimpleLevels;
}

using AlterId = Ranged<0, 65535>;

struct SimpleBridge {
  Given<std::vector<Given<HostPort>>> server;
  Given<UserId> id;
  Given<NameMap<ServiceTarget>> services;
  Given<Name> name;
  Given<DomainName> domain;
  Given<AlterId> alterId;
  Given<bool> legacy;
  Given<SimpleAllow> allow;
  Given<SimpleProtocol> protocol;
};
template <class V>
void fields(V& v, SimpleBridge& s) {
  v.required("server", s.server,
             "the VPS. A list means one tunnel to each, all the time (not fail-over): each VPS "
             "publishes on its own");
  v.required("id", s.id,
             "the user id of this NAS, the same as at the portal; \"culvert id\" makes one");
  v.optional("services", s.services,
             "what the portal may reach, by name. Empty and no `allow`: error, nothing to expose");
  v.optional("name", s.name,
             "needed when the portal lists several bridges; must equal the key there");
  v.optional(
      "domain", s.domain,
      "must equal the portal's; only for V2Ray peers. Default: `<name>.bridge.culvert.internal`, "
      "without a name `default.bridge.culvert.internal`");
  v.optional(
      "alter_id", s.alterId,
      "as at the V2Ray peer; above 0 warns. Culvert's bridge sends AEAD headers whatever it says. "
      "Default: 0");
  v.optional(
      "legacy", s.legacy,
      "send the legacy header, for portals before V2Ray 4.28; needs `alter_id` above 0 and warns. "
      "Default: false");
  v.optional("allow", s.allow,
             "give the portal the whole network, as V2Ray does; warns at every start. Default: "
             "only the services");
  v.optional("protocol", s.protocol,
             "what protects the tunnel; `shadowsocks` is not in this version. Default: vmess");
  v.unsupported("method", Effect::Changes, "cipher of `protocol: shadowsocks`");
  v.unsupported("password", Effect::Changes, "in place of `id` with `protocol: shadowsocks`");
  v.unsupported("transport", Effect::Changes,
                "what carries the tunnel: tcp, ws, httpupgrade or grpc");
  v.unsupported("tls", Effect::Changes, "TLS around the tunnel");
}

/// One NAS of several.
struct SimpleMember {
  Given<UserId> id;
  Given<AlterId> alterId;
  Given<DomainName> domain;
};
template <class V>
void fields(V& v, SimpleMember& s) {
  v.required("id", s.id, "the user id of this NAS");
  v.optional("alter_id", s.alterId, "above 0: legacy headers are accepted too; warns. Default: 0");
  v.optional(
      "domain", s.domain,
      "must equal the bridge's; only for V2Ray peers. Default: `<name>.bridge.culvert.internal`");
  v.unsupported("password", Effect::Changes, "in place of `id` with `protocol: shadowsocks`");
}

struct SimplePublish {
  Given<Listen> listen;
  Given<To> to;
  Given<Port> toPort;
  Given<Name> name;
  Given<std::vector<Given<SourceBlock>>> allowFrom;
  Given<Seconds> idle;
  Given<bool> optional;
};
template <class V>
void fields(V& v, SimplePublish& s) {
  v.required("listen", s.listen,
             "the public port or ports: `[address:]port[-port][/tcp|/udp|/tcp+udp]`");
  v.optional(
      "to", s.to,
      "**required.** `service`, `bridge/service`, `host:port[-port]` or `bridge/host:port[-port]`. "
      "`bridge/` may be left out when there is only one; a `host:port` is meant as seen from the "
      "NAS");
  v.optional("to_port", s.toPort,
             "only for services that are port ranges: the port sent for the first listening port. "
             "Default: the listening port");
  v.optional("name", s.name, "for logs and tags. Default: made of the port");
  v.optional("allow_from", s.allowFrom, "who may connect, others are closed. Default: everybody");
  v.optional("idle", s.idle, "TCP without bytes either way. Default: `timeouts.idle`");
  v.optional(
      "optional", s.optional,
      "a port that cannot be bound is a warning, retried every 30 s, instead of a start error. "
      "Default: false");
  v.unsupported("hosts", Effect::Changes,
                "one port for several sites, by the name the visitor asks for");
  v.unsupported("default", Effect::Changes, "where a visitor goes whom `hosts` does not name");
  v.unsupported("proxy_protocol", Effect::Changes, "tell the service the visitor's address");
  v.unsupported("accept_proxy_protocol", Effect::Changes,
                "load balancers whose PROXY header is read");
  v.unsupported("tls", Effect::Changes, "end TLS here");
}

struct SimplePortal {
  Given<Listen> listen;
  Given<UserId> id;
  Given<AlterId> alterId;
  Given<DomainName> domain;
  Given<NameMap<SimpleMember>> bridges;
  Given<std::vector<Given<SimplePublish>>> publish;
  Given<SimpleProtocol> protocol;
};
template <class V>
void fields(V& v, SimplePortal& s) {
  v.required("listen", s.listen, "where bridges connect: one TCP port");
  v.optional("id", s.id, "**required** without `bridges`: one NAS without a name");
  v.optional("alter_id", s.alterId,
             "beside `id`; above 0: legacy headers are accepted too, warns. Default: 0");
  v.optional("domain", s.domain,
             "beside `id`; only for V2Ray peers. Default: `default.bridge.culvert.internal`");
  v.optional("bridges", s.bridges,
             "instead of `id`: several NASes, each with its name and its own id");
  v.required("publish", s.publish, "the public ports and where they lead; not empty");
  v.optional("protocol", s.protocol, "as in `bridge`. Default: vmess");
  v.unsupported("method", Effect::Changes, "as in `bridge`");
  v.unsupported("password", Effect::Changes, "as in `bridge`");
  v.unsupported("transport", Effect::Changes, "as in `bridge`");
  v.unsupported("tls", Effect::Changes, "as in `bridge`");
}

struct SimpleLog {
  Given<SimpleLevel> level;
  Given<FileName> file;
  Given<FileName> access;
  Given<LogFormat> format;
  Given<LogConfig::Addresses> addresses;
};
template <class V>
void fields(V& v, SimpleLog& s) {
  v.optional("level", s.level, "the least severe lines that are written. Default: info");
  v.optional("file", s.file, "Default: standard error, with `--daemon` the system log");
  v.optional("access", s.access,
             "one line per finished flow: a file, `stdout` or `none`. Default: none");
  v.optional("format", s.format, "of both. Default: text");
  v.optional("addresses", s.addresses,
             "of visitors: whole, shortened to /24 or /48, or left out. Default: full");
}

struct SimpleTimeouts {
  Given<Seconds> handshake, idle, udpIdle, halfClose;
};
template <class V>
void fields(V& v, SimpleTimeouts& s) {
  v.optional("handshake", s.handshake,
             "a connection that has not said who it is. Default: 60 to 120 s, differing between "
             "installations");
  v.optional("idle", s.idle, "TCP without bytes either way. Default: 2h");
  v.optional("udp_idle", s.udpIdle,
             "UDP without datagrams either way. Default: 5m, 60s until the first reply");
  v.optional("half_close", s.halfClose, "a flow one direction of which has ended. Default: 5m");
}

struct SimpleFile {
  Given<Ranged<0, 1'000'000>> version;
  Given<SimpleBridge> bridge;
  Given<SimplePortal> portal;
  Given<SimpleLog> log;
  Given<SimpleTimeouts> timeouts;
  Given<Ranged<1, 64>> threads;
  Given<Node> advanced;
};
template <class V>
void fields(V& v, SimpleFile& s) {
  v.optional("version", s.version, "of this format. Default: 1, with a warning");
  v.optional("bridge", s.bridge, "the private end, on the NAS");
  v.optional("portal", s.portal, "the public end, on the VPS");
  v.optional("log", s.log, "what is written where");
  v.optional("timeouts", s.timeouts, "how long things may last");
  v.optional("threads", s.threads, "Default: as many as there are cores, at most 4");
  v.optional("advanced", s.advanced, "anything else, in V2Ray's words");
}

/// Reads the structure: keys, forms of values, secret references.  What is wrong is reported; a
/// section with mistakes is not `good`.
SimpleFile readSimple(const Node& root, Problems& problems);

/// Checks the meaning of the good sections: names that exist, ports that do not collide; warnings.
/// A section with mistakes is no longer `good` afterwards.
void checkSimple(SimpleFile& file, Problems& problems);

/// The domain by which bridge and portal know each other: the given one, or made of the name.
std::string domainOf(const Given<DomainName>& domain, const std::string& name);

}  // namespace culvert::config

// The keys of V2Ray's JSON, section by section, as they are read (Fields.h).  For ModelJson.cpp.
#pragma once

#include "config/Fields.h"
#include "config/LogWords.h"
#include "config/Model.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace culvert::config {

/// A value with the node it was read from, for places and for what is kept as written.
template <class T>
struct At {
  T value{};
  Node node;
};
template <class T>
struct Value<At<T>> {
  static bool read(const Node& node, At<T>& out, Problems& problems) {
    out.node = node;
    return Value<T>::read(node, out.value, problems);
  }
  static Node write(const At<T>& at) { return Value<T>::write(at.value); }
  static std::string form() { return Value<T>::form(); }
  static Node schema() { return Value<T>::schema(); }
};
namespace fields_detail {
template <class T>
struct InnerOf<At<T>> : InnerOf<T> {};
}  // namespace fields_detail

/// 80, "80", "1000-2000", "env:NAME".
struct PortText {
  PortRange range;
};
template <>
struct Value<PortText> {
  static bool read(const Node& node, PortText& out, Problems& problems);
  static Node write(const PortText& value);
  static std::string form();
  static Node schema();
};

/// An IP address or localhost.
struct ListenText {
  std::vector<Ip> addresses;
  bool isUnixSocket = false;
};
template <>
struct Value<ListenText> {
  static bool read(const Node& node, ListenText& out, Problems& problems);
  static Node write(const ListenText& value);
  static std::string form();
  static Node schema();
};

struct HeaderText {
  std::string type = "none";
};
template <class V>
void fields(V& v, HeaderText& s) {
  v.required("type", s.type, "none; http is not in this version");
  v.ignored("request", "of type http");
  v.ignored("response", "of type http");
}

struct TcpText {
  HeaderText header;
  bool acceptProxyProtocol = false;
};
template <class V>
void fields(V& v, TcpText& s) {
  v.optional("header", s.header, "disguise in front of the stream");
  v.optional("acceptProxyProtocol", s.acceptProxyProtocol, "not in this version");
}

struct SockoptText {
  std::uint32_t mark = 0;
  std::string tproxy = "off";
  bool acceptProxyProtocol = false;
};
template <class V>
void fields(V& v, SockoptText& s) {
  v.optional("mark", s.mark, "0; others are not in this version");
  v.optional("tproxy", s.tproxy, "off; others are not in this version");
  v.optional("acceptProxyProtocol", s.acceptProxyProtocol, "not in this version");
  v.unsupported("acceptProxyProtocolFrom", Effect::Changes, "peers whose PROXY header is read");
  v.unsupported("bindToDevice", Effect::Changes, "network interface");
  v.unsupported("interface", Effect::Changes, "network interface (Xray)");
  v.unsupported("dialerProxy", Effect::Changes, "dial through another outbound (Xray)");
  v.unsupported("domainStrategy", Effect::Changes, "how names are resolved (Xray)");
  for (const char* key : {"tcpFastOpen", "tcpFastOpenQueueLength", "tcpKeepAliveInterval",
                          "tcpKeepAliveIdle", "tcpUserTimeout", "tcpCongestion", "rxBufSize",
                          "txBufSize", "forceBufSize", "mptcp", "tcpMptcp", "v6only"}) {
    v.unsupported(key, Effect::None, "tuning of the socket");
  }
}

struct StreamText {
  std::string network = "tcp", security = "none";
  At<TcpText> tcpSettings, rawSettings;
  SockoptText sockopt;
};
template <class V>
void fields(V& v, StreamText& s) {
  v.optional("network", s.network, "the transport: tcp; others are not in this version");
  v.optional("security", s.security, "none; tls is not in this version");
  v.optional("tcpSettings", s.tcpSettings, "of network tcp");
  v.optional("rawSettings", s.rawSettings, "Xray's name for tcpSettings");
  v.optional("sockopt", s.sockopt, "options of the sockets");
  for (const char* key :
       {"tlsSettings", "wsSettings", "httpSettings", "kcpSettings", "quicSettings", "dsSettings",
        "grpcSettings", "gunSettings", "httpupgradeSettings"}) {
    v.ignored(key, "of another transport or security than the chosen one");
  }
}

struct SniffingText {
  bool enabled = false;
};
template <class V>
void fields(V& v, SniffingText& s) {
  v.optional("enabled", s.enabled, "false; true is not in this version");
  v.ignored("destOverride", "while not enabled");
  v.ignored("metadataOnly", "while not enabled");
  v.ignored("routeOnly", "while not enabled");
  v.ignored("domainsExcluded", "while not enabled");
}

struct AllocateText {
  std::string strategy = "always";
};
template <class V>
void fields(V& v, AllocateText& s) {
  v.optional("strategy", s.strategy, "always; random is not in this version");
  v.ignored("refresh", "of strategy random");
  v.ignored("concurrency", "of strategy random");
}

struct InboundText {
  std::string tag, protocol;
  std::optional<PortText> port;
  ListenText listen;
  Node settings, domainOverride;
  At<StreamText> streamSettings;
  SniffingText sniffing;
  AllocateText allocate;
  bool optional = false;
};
template <class V>
void fields(V& v, InboundText& s) {
  v.optional("tag", s.tag, "its name in rules");
  v.optional("listen", s.listen, "address to listen on; absent: all, both families");
  v.optional("port", s.port, "**required.** port or ports to listen on");
  v.required("protocol", s.protocol, "what is spoken there: dokodemo-door or vmess");
  v.optional("settings", s.settings, "the protocol's own keys");
  v.optional("streamSettings", s.streamSettings, "transport and its security");
  v.optional("sniffing", s.sniffing, "reading the target from the first bytes");
  v.optional("allocate", s.allocate, "how ports are chosen");
  v.optional("domainOverride", s.domainOverride, "old form of sniffing; not in this version");
  v.optional("optional", s.optional,
             "Culvert: a port that cannot be bound is a warning, retried every 30 s");
}

struct MuxText {
  bool enabled = false;
  std::int32_t concurrency = 8;
};
template <class V>
void fields(V& v, MuxText& s) {
  v.optional("enabled", s.enabled, "several streams in one connection");
  v.optional("concurrency", s.concurrency, "streams at once, at most 1024; below 0: never");
  v.ignored("xudpConcurrency", "Xray's");
  v.ignored("xudpProxyUDP443", "Xray's");
}

struct OutboundText {
  std::string tag, protocol;
  Node settings;
  std::optional<Ip> sendThrough;
  At<StreamText> streamSettings;
  MuxText mux;
};
template <class V>
void fields(V& v, OutboundText& s) {
  v.optional("tag", s.tag, "its name in rules");
  v.optional("sendThrough", s.sendThrough, "local address to dial from");
  v.required("protocol", s.protocol, "what is spoken: vmess, freedom or blackhole");
  v.optional("settings", s.settings, "the protocol's own keys");
  v.optional("streamSettings", s.streamSettings, "transport and its security");
  v.optional("mux", s.mux, "Mux.Cool; do not enable it on a tunnel a bridge uses");
  v.unsupported("proxySettings", Effect::Changes, "dial through another outbound");
  v.unsupported("domainStrategy", Effect::Changes, "V2Ray 5: resolve the target first");
}

struct RuleText {
  std::string type;
  Node domain, domains, ip, port, network, source, sourceIp, sourcePort, user, inboundTag, protocol,
      attrs, outboundTag, balancerTag;
};
template <class V>
void fields(V& v, RuleText& s) {
  v.optional("type", s.type, "`field`; may be left out in YAML");
  v.optional("inboundTag", s.inboundTag, "came in by one of these inbounds or bridges");
  v.optional("user", s.user, "belongs to one of these users (email)");
  v.optional("source", s.source, "comes from one of these addresses or networks");
  v.optional("sourceIP", s.sourceIp, "Xray's name for source");
  v.optional("sourcePort", s.sourcePort, "comes from one of these ports");
  v.optional("domain", s.domain, "wants a name that matches one of these patterns");
  v.optional("domains", s.domains, "the same; both are added together");
  v.optional("ip", s.ip, "wants one of these addresses or networks");
  v.optional("port", s.port, "wants one of these ports");
  v.optional("network", s.network, "tcp, udp or both");
  v.optional("protocol", s.protocol, "sniffed as one of these");
  v.optional("attrs", s.attrs, "attributes of an HTTP request");
  v.optional("outboundTag", s.outboundTag, "**required.** the outbound or portal that takes it");
  v.optional("balancerTag", s.balancerTag, "not in this version");
  v.ignored("domainMatcher", "matching is always fast");
  v.ignored("ruleTag", "Xray: a name for the rule");
  for (const char* key : {"localIP", "localPort", "process", "vlessRoute", "localOS", "webhook"}) {
    v.unsupported(key, Effect::Changes, "Xray");
  }
}

struct RoutingText {
  struct Old {
    std::string domainStrategy;
    std::vector<At<RuleText>> rules;
  };
  std::string domainStrategy;
  std::vector<At<RuleText>> rules;
  Node balancers;
  At<Old> settings;
};
template <class V>
void fields(V& v, RoutingText::Old& s) {
  v.optional("domainStrategy", s.domainStrategy, "as above");
  v.optional("rules", s.rules, "appended to the rules above");
}
template <class V>
void fields(V& v, RoutingText& s) {
  v.optional("domainStrategy", s.domainStrategy,
             "AsIs, IPIfNonMatch or IPOnDemand: when names are resolved for `ip` rules");
  v.optional("rules", s.rules, "the first rule that holds decides; none: the first outbound");
  v.optional("balancers", s.balancers, "not in this version");
  v.optional("settings", s.settings, "old place of domainStrategy and rules");
  v.ignored("domainMatcher", "matching is always fast");
  v.ignored("strategy", "old");
}

struct ReverseText {
  std::string tag, domain;
};
template <class V>
void fields(V& v, ReverseText& s) {
  v.required("tag", s.tag, "its name in rules");
  v.required("domain", s.domain,
             "what bridge and portal know each other by; the same on both sides");
}
struct ReversePairText {
  std::vector<At<ReverseText>> bridges, portals;
};
template <class V>
void fields(V& v, ReversePairText& s) {
  v.optional("bridges", s.bridges, "private ends");
  v.optional("portals", s.portals, "public ends");
}

struct LogText {
  std::string loglevel, error, access;
  LogFormat format = LogFormat::Text;
  LogConfig::Addresses addresses = LogConfig::Addresses::Full;
};
template <class V>
void fields(V& v, LogText& s) {
  v.optional("loglevel", s.loglevel, "debug, info, warning, error or none; absent: info");
  v.optional("error", s.error, "file; absent: standard error");
  v.optional("access", s.access, "file, none; absent: standard output");
  v.optional("format", s.format, "Culvert: form of the lines");
  v.optional("addresses", s.addresses, "Culvert: how much of visitors' addresses is shown");
  v.ignored("dnsLog", "Xray's");
  v.ignored("maskAddress", "Xray's");
}

struct LevelText {
  std::optional<std::chrono::seconds> handshake, connIdle, uplinkOnly, downlinkOnly;
};
template <class V>
void fields(V& v, LevelText& s) {
  v.optional("handshake", s.handshake, "for the opening words of a connection");
  v.optional("connIdle", s.connIdle, "without bytes either way");
  v.optional("uplinkOnly", s.uplinkOnly, "when the answering side has ended");
  v.optional("downlinkOnly", s.downlinkOnly, "when the asking side has ended");
  v.ignored("bufferSize", "buffers are sized by what the peer can take");
  v.unsupported("statsUserUplink", Effect::None, "counters");
  v.unsupported("statsUserDownlink", Effect::None, "counters");
  v.unsupported("statsUserOnline", Effect::None, "counters");
}
struct PolicyText {
  Node levels;
};
template <class V>
void fields(V& v, PolicyText& s) {
  v.optional("levels", s.levels, "time-outs by user level; only \"0\" has an effect");
  v.unsupported("system", Effect::None, "counters");
}

struct CompatText {
  bool portalAsDefault = false, idMapping = false;
};
template <class V>
void fields(V& v, CompatText& s) {
  v.optional("portalAsDefault", s.portalAsDefault,
             "without outbounds the first portal takes what no rule covers, as in V2Ray");
  v.optional("idMapping", s.idMapping, "ids that are no UUIDs are mapped to one, as in Xray");
  v.ignored("ssLargeChunks", "for a protocol of a later version");
}

/// 1 to 64.
struct ThreadsText {
  int count = 0;
};
template <>
struct Value<ThreadsText> {
  static bool read(const Node& node, ThreadsText& out, Problems& problems);
  static Node write(const ThreadsText& value) { return Node::number(std::int64_t{value.count}); }
  static std::string form() { return fields_detail::wholeForm(1, 64); }
  static Node schema() { return fields_detail::wholeSchema(1, 64); }
};

struct RootText {
  bool isAdvanced = false;  ///< below `advanced` in YAML: without old names and `log`
  At<LogText> log;
  PolicyText policy;
  ReversePairText reverse;
  std::vector<At<InboundText>> inbounds, inboundDetour;
  std::vector<At<OutboundText>> outbounds, outboundDetour;
  std::optional<At<InboundText>> inbound;
  std::optional<At<OutboundText>> outbound;
  std::optional<At<PortText>> port;
  At<RoutingText> routing;
  Node dns, transport, api, stats, observatory;
  std::optional<ThreadsText> threads;
  CompatText compat;
};
template <class V>
void fields(V& v, RootText& s) {
  if (!s.isAdvanced) v.optional("log", s.log, "what is told, and where");
  v.optional("policy", s.policy, "time-outs");
  v.optional("reverse", s.reverse, "the ends of the tunnels");
  v.optional("inbounds", s.inbounds, "where flows come from");
  v.optional("outbounds", s.outbounds, "where they go; the first takes what no rule covers");
  v.optional("routing", s.routing, "which goes where");
  v.optional("threads", s.threads, "Culvert: 1 to 64; absent: as many as fit the machine");
  v.optional("compat", s.compat, "Culvert: V2Ray's habits that are off otherwise");
  v.optional("dns", s.dns, "not in this version");
  v.optional("api", s.api, "not in this version, has no effect");
  v.optional("stats", s.stats, "not in this version, has no effect");
  if (!s.isAdvanced) {
    v.optional("transport", s.transport, "not in this version");
    v.optional("observatory", s.observatory, "not in this version, has no effect");
    v.optional("inbound", s.inbound, "old: the first inbound");
    v.optional("inboundDetour", s.inboundDetour, "old: more inbounds");
    v.optional("outbound", s.outbound, "old: the first outbound");
    v.optional("outboundDetour", s.outboundDetour, "old: more outbounds");
    v.optional("port", s.port, "old: port of the first inbound");
    for (const char* key :
         {"fakedns", "burstObservatory", "multiObservatory", "browserForwarder"}) {
      v.unsupported(key, Effect::Changes, "of later V2Rays");
    }
  }
}

}  // namespace culvert::config

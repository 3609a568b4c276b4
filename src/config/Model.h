// What a configuration says, in V2Ray's terms: inbounds, outbounds, routing, reverse.  The YAML
// front end and the JSON loader both make one; Instance builds everything from it and never sees a
// file.
//
// A Model is a value: compared, copied, built by hand in tests.  Each protocol's settings stay a
// Node for its folder to read.  Equality (sameAs) is that of the JSON it would be written as;
// places do not count.
#pragma once

#include "base/Destination.h"
#include "base/Log.h"
#include "config/Networks.h"
#include "config/Node.h"
#include "config/Problems.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace culvert::config {

/// Inclusive; from <= to.
struct PortRange {
  std::uint16_t from = 0, to = 0;
  bool operator==(const PortRange&) const = default;
};

struct InboundConfig {
  std::string tag;
  std::string protocol;  ///< as written; compared case-insensitively
  std::vector<Ip>
      listen;  ///< empty: all addresses of both families; one: that one (0.0.0.0 is IPv4 only)
  PortRange port;
  Node settings;          ///< Map or Absent
  bool optional = false;  ///< a port that cannot be bound is a warning, retried every 30 s
  Node source;            ///< the whole object: places, and keys kept for writing
  Place place;
};

struct OutboundConfig {
  std::string tag;
  std::string protocol;
  Node settings;
  std::vector<Ip> sendThrough;  ///< empty or one
  bool muxEnabled = false;
  int muxConcurrency = 8;
  Node source;
  Place place;
};

/// One routing rule: all given conditions must hold, inside one any element suffices.  Text forms
/// are compiled by src/routing, which reports what it cannot read at these nodes.
struct RuleConfig {
  Node domain, ip, port, network, source, sourcePort, user, inboundTag, protocol,
      attrs;  ///< Absent: no condition
  Node outboundTag, balancerTag;
  Node object;
  Place place;
};

struct ReverseEntry {
  std::string tag, domain;
  Node object;
  Place place;
};

/// A service that a bridge of the YAML front end offers by name, for messages and the reach table.
struct ServiceEntry {
  std::string name;
  std::string domain;  ///< how a portal asks for it: <name>.<the bridge's domain>
  Networks networks;
  std::string host;  ///< what is dialled; IPv6 without []
  PortRange ports;
  Place place;
};

struct LogConfig {
  LogLevel level = LogLevel::Info;
  std::string file;    ///< empty: standard error (or the service's log)
  std::string access;  ///< file, "stdout" or "none"
  bool json = false;   ///< format
  enum class Addresses { Full, Short, None } addresses = Addresses::Full;
};

struct Policy {  // level 0, whole seconds; absent: the defaults below by dialect
  std::optional<std::chrono::seconds> handshake, connIdle, uplinkOnly, downlinkOnly, udpIdle;
};

struct Model {
  LogConfig log;
  Policy policy;
  std::vector<InboundConfig> inbounds;
  std::vector<OutboundConfig> outbounds;
  std::string domainStrategy = "AsIs";
  Place domainStrategyPlace;
  std::vector<RuleConfig> rules;
  std::vector<ReverseEntry> bridges, portals;
  std::vector<ServiceEntry> services;               ///< YAML only; what outbounds svc-... lead to
  int threads = 0;                                  ///< 0: as many as fit the machine
  bool portalAsDefault = false, idMapping = false;  ///< compat
  /// Whose defaults hold: V2Ray's (JSON: idle 300 s, what it shrugs at is a warning) or the front
  /// end's (YAML: idle 2 h).  Not part of the JSON.
  Dialect dialect = Dialect::Json;
  /// What the friendly YAML said, for messages and `check`: empty for JSON.
  std::string file;
};

/// A file's whole way to a model.  Errors are in `problems`; the model is usable only without
/// errors.
struct Loaded {
  Model model;
  Problems problems;
};

/// Reads `path` (JSON when it is named *.json or begins with '{', else YAML).  An unreadable file
/// throws std::system_error (exit status 3): missing, a directory or a FIFO, over 1 MiB (CFG-6,
/// LIM-17).
Loaded load(const std::string& path);
/// The same from text, for tests; `name` is how messages call it.
Loaded loadText(const std::string& name, std::string text);

/// The model as V2Ray v4 JSON, keys and arrays in the documented order, defaults left out.
Node toV2Ray(const Model& model);
/// Whether both would be written as the same JSON.
bool sameModel(const Model& a, const Model& b);

}  // namespace culvert::config

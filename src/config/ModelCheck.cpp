#include "config/ModelCheck.h"

#include "base/Log.h"
#include "config/Fields.h"
#include "config/ModelJson.h"
#include "config/Suggest.h"
#include "config/Text.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace culvert::config {
namespace {

/// Where something that has a tag stands, and how it is called.
struct Subject {
  std::string tag;
  Place place;       // of the tag, if it was written
  std::string path;  // of the same
  std::string label;
};

std::string atLine(const Place& place) {
  return place.line > 0 ? ", line " + std::to_string(place.line) : "";
}

Subject subjectOf(const std::string& tag, const Node& object, const Place& place,
                  const std::string& kind) {
  const Node written = object["tag"];
  Subject subject{tag, place, object.path(), object.path()};
  if (written) {
    subject.place = written.place();
    subject.path = written.path();
  }
  if (subject.label.empty()) subject.label = kind + " " + inQuotes(tag);
  return subject;
}

void reportDouble(const Subject& second, const Subject& first, const std::string& message,
                  Problems& problems) {
  problems.add({Severity::Error,
                second.place,
                second.path,
                "duplicate",
                message,
                "",
                false,
                {{first.place, "first here" + atLine(first.place)}}});
}

class Tags {
 public:
  explicit Tags(Problems& problems) : problems_(problems) {}

  void add(const Subject& subject) {
    if (subject.tag.empty()) return;
    const auto [first, isNew] = subjects_.emplace(subject.tag, subject);
    if (isNew) return;
    reportDouble(subject, first->second,
                 "tag " + inQuotes(subject.tag) + " is already used by " + first->second.label +
                     atLine(first->second.place),
                 problems_);
  }
  [[nodiscard]] bool has(const std::string& tag) const { return subjects_.contains(tag); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [tag, subject] : subjects_) names.push_back(tag);
    return names;
  }

 private:
  Problems& problems_;
  std::map<std::string, Subject> subjects_;
};

Networks networksOf(const InboundConfig& inbound) {
  Networks networks;
  const Node written = inbound.settings["network"];
  Problems ignored;  // its protocol tells
  const bool mayBeUdp = equalsIgnoreCase(inbound.protocol, "dokodemo-door") ||
                        equalsIgnoreCase(inbound.protocol, "shadowsocks");
  if (mayBeUdp && written) Value<Networks>::read(written, networks, ignored);
  return networks;
}

bool overlap(const std::vector<Ip>& a, const std::vector<Ip>& b) {
  if (a.empty() || b.empty()) return true;
  const Ip &x = a.front(), &y = b.front();
  if (x.isV4() != y.isV4()) return false;
  return x == y || x.isAny() || y.isAny();
}

/// What the port of an inbound stands under.
Node portNode(const InboundConfig& inbound) {
  for (const char* key : {"port", "listen"}) {
    if (Node written = inbound.source[key]) return written;
  }
  return inbound.source;
}

class Ports {
 public:
  explicit Ports(Problems& problems) : problems_(problems) {}

  void add(const InboundConfig& inbound) {
    if (inbound.port.from == 0) return;  // reported
    const std::size_t before = count_;
    count_ += std::size_t{1} + inbound.port.to - inbound.port.from;
    if (before <= kMaxModelPorts && count_ > kMaxModelPorts) {
      error(problems_, portNode(inbound), "limit",
            "more than " + std::to_string(kMaxModelPorts) + " ports to listen on");
    }
    for (const InboundConfig* other : seen_) {
      if (compare(inbound, *other)) break;
    }
    seen_.push_back(&inbound);
  }

 private:
  bool compare(const InboundConfig& inbound, const InboundConfig& other) {
    const std::uint16_t first = std::max(inbound.port.from, other.port.from);
    if (first > std::min(inbound.port.to, other.port.to)) return false;
    if (!overlap(inbound.listen, other.listen)) return false;
    const Networks mine = networksOf(inbound), theirs = networksOf(other);
    const bool isTcp = mine.tcp && theirs.tcp, isUdp = mine.udp && theirs.udp;
    if (!isTcp && !isUdp) return false;
    const Node here = portNode(inbound), there = portNode(other);
    const std::string label =
        other.source.path().empty() ? "inbound " + inQuotes(other.tag) : other.source.path();
    Subject second{inbound.tag, here ? here.place() : inbound.place, here.path(), ""};
    Subject earlier{other.tag, there ? there.place() : other.place, there.path(), label};
    reportDouble(second, earlier,
                 "port " + std::to_string(first) + (isTcp ? "/tcp" : "/udp") +
                     " is already used by " + label + atLine(earlier.place),
                 problems_);
    return true;
  }

  Problems& problems_;
  std::size_t count_ = 0;
  std::vector<const InboundConfig*> seen_;
};

bool hasErrorAt(const Problems& problems, std::string_view path) {
  return std::any_of(problems.all().begin(), problems.all().end(), [path](const Problem& problem) {
    return problem.severity == Severity::Error && problem.path == path;
  });
}

void checkTargets(const Model& model, const Tags& outbounds, Problems& problems) {
  for (const char* section : {"outbounds", "reverse", "reverse.portals", "advanced.outbounds",
                              "advanced.reverse", "advanced.reverse.portals"}) {
    if (hasErrorAt(problems, section)) return;  // nothing was read there; one mistake, one message
  }
  const std::vector<std::string> known = outbounds.names();
  std::string list;
  for (const std::string& tag : known) list += (list.empty() ? "there are: " : ", ") + tag;
  for (const RuleConfig& rule : model.rules) {
    const Node& tag = rule.outboundTag;
    if (!tag.isString() || tag.text().empty() || outbounds.has(tag.text())) continue;
    error(problems, tag, "unknown-name",
          "no outbound or portal has the tag " + found(tag) + didYouMean(tag.text(), known),
          known.empty() ? "there are no outbounds and no portals" : list);
  }
}

bool names(const Node& list, const std::string& text) {
  const std::vector<std::string> texts = stringList(list);
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// ---- REACH-2: what a portal may reach through a bridge.

const OutboundConfig* findOutbound(const Model& model, const std::string& tag) {
  const auto found = std::find_if(model.outbounds.begin(), model.outbounds.end(),
                                  [&tag](const OutboundConfig& one) { return one.tag == tag; });
  return found == model.outbounds.end() ? nullptr : &*found;
}

/// As V2Ray wrote it: dials what it is asked for.  What the friendly YAML makes warns by itself.
bool isUnrestricted(const Model& model, const OutboundConfig& outbound) {
  const bool isWritten =
      model.dialect == Dialect::Json || outbound.source.path().starts_with("advanced.");
  const Node redirect = outbound.settings["redirect"];
  const bool isFixed = redirect.isString() && !redirect.text().empty() &&
                       redirect.text().front() != ':' && !redirect.text().starts_with("0.0.0.0:");
  return isWritten && equalsIgnoreCase(outbound.protocol, "freedom") &&
         !outbound.settings["reach"] && !isFixed;
}

bool isForEverything(const RuleConfig& rule) {
  for (const Node* condition : {&rule.domain, &rule.ip, &rule.port, &rule.source, &rule.sourcePort,
                                &rule.user, &rule.protocol, &rule.attrs}) {
    if (*condition) return false;
  }
  return !rule.network || (names(rule.network, "tcp") && names(rule.network, "udp"));
}

void checkReach(const Model& model, const ReverseEntry& bridge, Problems& problems) {
  const OutboundConfig* reached = nullptr;
  bool fallsThrough = true;
  for (const RuleConfig& rule : model.rules) {
    if (rule.inboundTag && !names(rule.inboundTag, bridge.tag)) continue;
    const OutboundConfig* outbound = findOutbound(model, rule.outboundTag.text());
    if (outbound && isUnrestricted(model, *outbound)) reached = outbound;
    if (isForEverything(rule)) {
      fallsThrough = false;
      break;
    }
  }
  if (!reached && fallsThrough && !model.outbounds.empty() &&
      isUnrestricted(model, model.outbounds.front())) {
    reached = &model.outbounds.front();
  }
  if (!reached) return;
  problems.warning(reached->place, reached->source.path(), "reach",
                   "whoever holds the portal of bridge " + inQuotes(bridge.tag) +
                       " can reach everything that this machine can",
                   "list what it may reach, e.g. \"reach\": [\"tcp:192.168.1.20:443\"] in the "
                   "settings; or name services: culvert convert --to yaml");
}

// ---- PORT-2 and the manual's form of a portal's rule.

bool authenticates(const InboundConfig& inbound) {
  for (const char* protocol : {"vmess", "vless", "trojan", "shadowsocks"}) {
    if (equalsIgnoreCase(inbound.protocol, protocol)) return true;
  }
  return false;
}

void checkPortalRule(const Model& model, const RuleConfig& rule, Problems& problems) {
  const bool isPortal = std::any_of(
      model.portals.begin(), model.portals.end(),
      [&rule](const ReverseEntry& portal) { return portal.tag == rule.outboundTag.text(); });
  const bool isWritten =
      model.dialect == Dialect::Json || rule.object.path().starts_with("advanced.");
  if (!isPortal || !isWritten) return;
  for (const InboundConfig& inbound : model.inbounds) {
    const bool isMeant = rule.inboundTag ? names(rule.inboundTag, inbound.tag) : true;
    if (!isMeant || !authenticates(inbound)) continue;
    if (!rule.domain) {
      problems.warning(rule.place, rule.object.path(), "reach",
                       "everything that clients of inbound " + inQuotes(inbound.tag) +
                           " ask for goes through this portal, not only registrations",
                       "add \"domain\": [\"full:<the portal's domain>\"] to the rule");
    }
    if (!rule.user && inbound.settings["clients"].items().size() > 1) {
      problems.warning(rule.place, rule.object.path(), "reach",
                       "every user of inbound " + inQuotes(inbound.tag) +
                           " may register as a bridge of this portal",
                       "bind it: \"user\": [\"<the email of its user>\"] in the rule");
    }
  }
}

}  // namespace

void checkModel(const Model& model, Problems& problems) {
  Tags inbounds(problems), outbounds(problems);
  Ports ports(problems);
  for (const InboundConfig& one : model.inbounds) {
    inbounds.add(subjectOf(one.tag, one.source, one.place, "inbound"));
    ports.add(one);
  }
  for (const ReverseEntry& one : model.bridges) {
    inbounds.add(subjectOf(one.tag, one.object, one.place, "bridge"));
  }
  for (const OutboundConfig& one : model.outbounds) {
    outbounds.add(subjectOf(one.tag, one.source, one.place, "outbound"));
  }
  for (const ReverseEntry& one : model.portals) {
    outbounds.add(subjectOf(one.tag, one.object, one.place, "portal"));
  }
  checkTargets(model, outbounds, problems);
  for (const ReverseEntry& bridge : model.bridges) checkReach(model, bridge, problems);
  for (const RuleConfig& rule : model.rules) checkPortalRule(model, rule, problems);
}

}  // namespace culvert::config

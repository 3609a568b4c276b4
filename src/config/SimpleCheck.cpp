// The meaning of the friendly YAML: what can only be judged when a whole section has been read.
#include "base/Log.h"
#include "config/Simple.h"
#include "config/SimpleTags.h"
#include "config/Suggest.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace culvert::config {
namespace {

constexpr std::size_t kMaxListeningPorts = 1024;  // LIM-17
constexpr std::size_t kMaxUsers = 4096;           // LIM-17
constexpr std::size_t kMaxDomain = 253;

/// Services that are broken into wherever they are reachable.
bool isRisky(const PortRange& range) {
  constexpr PortRange kRisky[] = {{23, 23},     {135, 139},   {445, 445},   {1433, 1433},
                                  {2375, 2375}, {3306, 3306}, {3389, 3389}, {5432, 5432},
                                  {5900, 5900}, {6379, 6379}};
  return std::any_of(std::begin(kRisky), std::end(kRisky), [&range](const PortRange& risky) {
    return range.from <= risky.to && risky.from <= range.to;
  });
}

std::string textOf(const PortRange& range) {
  const std::string from = std::to_string(range.from);
  return range.from == range.to ? from : from + "-" + std::to_string(range.to);
}

std::string atLine(const Place& place) {
  return place.line > 0 ? ", line " + std::to_string(place.line) : std::string();
}

void conflict(Problems& problems, const Node& node, std::string code, std::string message,
              const Node& other, std::string note) {
  Problem problem{.place = node.place(),
                  .path = node.path(),
                  .code = std::move(code),
                  .message = std::move(message),
                  .hint = {},
                  .secret = node.isSecret(),
                  .related = {}};
  problem.related.push_back({other.place(), std::move(note)});
  problems.add(std::move(problem));
}

/// The words of the VMess settings, so that one matter is told once.
void checkMember(const Given<UserId>& id, const Given<AlterId>& alterId, Problems& problems) {
  if (id) warnIfPublished(id.node, id->value, problems);
  if (alterId && alterId->value > 0)
    warning(problems, alterId.node, "legacy", "legacy headers are accepted: they have no integrity",
            "use 0 once every bridge sends AEAD headers, as Culvert and V2Ray since 4.28 do");
}

void checkOwnUser(const SimpleBridge& bridge, Problems& problems) {
  if (bridge.id) warnIfPublished(bridge.id.node, bridge.id->value, problems);
  const bool above0 = bridge.alterId && bridge.alterId->value > 0;
  const bool legacy = bridge.legacy && *bridge.legacy;
  if (above0 && !legacy)
    warning(problems, bridge.alterId.node, "legacy",
            "has no effect without legacy: AEAD headers are sent",
            "use 0 at both ends; V2Ray understands it since 4.28");
  if (legacy && above0)
    warning(problems, bridge.legacy.node, "legacy", "legacy header: no integrity",
            "leave it out unless the portal is older than V2Ray 4.28");
  if (legacy && !above0)
    error(problems, bridge.legacy.node, "conflict",
          "needs alter_id above 0, the same as at the portal");
}

// ---- bridge

void checkServices(const SimpleBridge& bridge, Problems& problems) {
  const std::string domain =
      domainOf(bridge.domain, bridge.name ? bridge.name->text : std::string());
  for (const auto& item : bridge.services->items) {
    if (item.name.size() + 1 + domain.size() > kMaxDomain)
      problems.error(item.keyPlace, item.value.node.path(), "bad-form",
                     "name and domain together are longer than 253 characters");
  }
}

void checkBridge(const Given<SimpleBridge>& section, Problems& problems) {
  const SimpleBridge& bridge = section.value;
  if (bridge.server->empty()) error(problems, bridge.server.node, "empty", "is empty");
  for (auto server = bridge.server->begin(); server != bridge.server->end(); ++server) {
    const auto same = std::find_if(bridge.server->begin(), server, [&server](const auto& other) {
      return other->host == (*server)->host && other->port == (*server)->port;
    });
    if (same != server)
      conflict(problems, server->node, "duplicate", "given twice", same->node,
               "first here" + atLine(same->node.place()));
  }
  checkOwnUser(bridge, problems);
  if (bridge.allow) {
    warning(problems, bridge.allow.node, "reach",
            "the portal can reach everything that this machine can",
            "name services instead, e.g. services: {web: 127.0.0.1:80}");
    if (!bridge.services->items.empty())
      warning(problems, bridge.services.node, "reach",
              "services do not restrict anything beside allow: any");
  } else if (bridge.services->items.empty()) {
    error(problems, bridge.services.given() ? bridge.services.node : section.node, "missing-key",
          "nothing to expose: expected services, e.g. services: {web: 127.0.0.1:80}");
  }
  checkServices(bridge, problems);
}

// ---- portal

class PortalCheck {
 public:
  PortalCheck(const SimplePortal& portal, const Node& node, Problems& problems)
      : portal_(portal), node_(node), problems_(problems) {}

  void run() {
    checkMembers();
    if (portal_.listen->ports.from != portal_.listen->ports.to || portal_.listen->networks.udp)
      error(problems_, portal_.listen.node, "bad-form",
            "expected one TCP port, got " + found(portal_.listen.node));
    if (portal_.publish->empty())
      error(problems_, portal_.publish.node, "empty", "is empty; nothing to publish");
    listeners_.push_back({&portal_.listen.value, portal_.listen.node, portal_.listen.node.path()});
    for (const Given<SimplePublish>& entry : portal_.publish.value) checkEntry(entry);
    checkTags();
    if (ports_ > kMaxListeningPorts)
      error(problems_, portal_.publish.node, "limit",
            "more than 1024 ports to listen on (" + std::to_string(ports_) + ")");
  }

 private:
  struct Listener {
    const Listen* listen;
    Node node;
    std::string label;
  };

  void checkMembers() {
    const bool several = portal_.bridges.given();
    if (several) {
      for (const Node& bare : {portal_.id.node, portal_.alterId.node, portal_.domain.node}) {
        if (bare)
          conflict(problems_, bare, "conflict",
                   "does not go with bridges; it belongs into each of them", portal_.bridges.node,
                   "bridges is here");
      }
      if (portal_.bridges->items.empty())
        error(problems_, portal_.bridges.node, "empty", "is empty");
      if (portal_.bridges->items.size() > kMaxUsers)
        error(problems_, portal_.bridges.node, "limit", "more than 4096 bridges");
    } else if (!portal_.id) {
      problems_.error(node_.place(), node_["id"].path(), "missing-key", "is missing",
                      "id for one NAS, bridges for several; \"culvert id\" makes an id");
    }
    std::map<Uuid, const Given<UserId>*> ids;
    std::map<std::string, Node> domains;
    for (const SimpleMemberView& member : membersOf(portal_)) {
      checkMember(*member.id, *member.alterId, problems_);
      if (const auto [first, fresh] = ids.emplace(member.id->value.value, member.id); !fresh)
        conflict(problems_, member.id->node, "duplicate", "each bridge needs an id of its own",
                 first->second->node, "the same id is here" + atLine(first->second->node.place()));
      const Node where = member.node ? member.node : portal_.domain.node;
      if (const auto [first, fresh] = domains.emplace(member.domain, where); !fresh)
        conflict(problems_, where, "duplicate",
                 "each bridge needs a domain of its own, got " + inQuotes(member.domain),
                 first->second, "the same domain is here" + atLine(first->second.place()));
    }
  }

  void checkEntry(const Given<SimplePublish>& entry) {
    const SimplePublish& publish = entry.value;
    const Listen& listen = *publish.listen;
    ports_ += std::size_t{1} + listen.ports.to - listen.ports.from;
    checkCollisions(entry);
    if (!publish.to) {
      problems_.error(entry.node.place(), entry.node["to"].path(), "missing-key", "is missing",
                      "name a service of the NAS: to: web");
    } else {
      checkTo(publish);
    }
    for (const auto* duration : {&publish.idle}) {
      if (*duration && (*duration)->value.count() == 0)
        error(problems_, duration->node, "bad-form",
              "expected at least 1s, got " + found(duration->node));
    }
    if (publish.allowFrom.given() && publish.allowFrom->empty())
      error(problems_, publish.allowFrom.node, "empty", "is empty",
            "leave it out to let everybody in");
    const bool everywhere = !listen.address || listen.address->isAny();
    const bool address = publish.to && publish.to->service.empty() && isRisky(publish.to->ports);
    if (everywhere && !publish.allowFrom.given() && (isRisky(listen.ports) || address)) {
      const PortRange& range = isRisky(listen.ports) ? listen.ports : publish.to->ports;
      warning(problems_, isRisky(listen.ports) ? publish.listen.node : publish.to.node, "reachable",
              "port " + textOf(range) + " is reachable by everybody",
              "add allow_from, or listen on one address");
    }
  }

  void checkCollisions(const Given<SimplePublish>& entry) {
    const Listen& listen = *entry->listen;
    for (const Listener& other : listeners_) {
      const auto first = std::max(listen.ports.from, other.listen->ports.from);
      if (first > std::min(listen.ports.to, other.listen->ports.to) ||
          !overlaps(listen, *other.listen))
        continue;
      const bool tcp = listen.networks.tcp && other.listen->networks.tcp;
      conflict(problems_, entry->listen.node, "duplicate",
               "port " + std::to_string(first) + (tcp ? "/tcp" : "/udp") + " is already used by " +
                   other.label + atLine(other.node.place()),
               other.node, "used here");
      break;
    }
    std::string label = entry.node.path();
    if (!entry->name && entry->to)
      label +=
          " (" + (entry->to->service.empty() ? found(entry->to.node) : entry->to->service) + ")";
    listeners_.push_back({&listen, entry->listen.node, std::move(label)});
  }

  static bool overlaps(const Listen& a, const Listen& b) {
    if (!((a.networks.tcp && b.networks.tcp) || (a.networks.udp && b.networks.udp))) return false;
    if (!a.address || !b.address || *a.address == *b.address) return true;
    return a.address->isV4() == b.address->isV4() && (a.address->isAny() || b.address->isAny());
  }

  void checkTo(const SimplePublish& publish) {
    const To& to = *publish.to;
    const auto members = membersOf(portal_);
    const bool several = portal_.bridges.given();
    std::vector<std::string> names;
    for (const auto& member : members) names.push_back(member.name);
    if (!to.bridge.empty() && !several) {
      error(problems_, publish.to.node, "unknown-name",
            "no bridge " + inQuotes(to.bridge) + "; there is one without a name",
            "write " + withoutBridge(publish.to.node.text()));
    } else if (!to.bridge.empty() &&
               std::find(names.begin(), names.end(), to.bridge) == names.end()) {
      const std::string near = nearest(to.bridge, names);
      error(problems_, publish.to.node, "unknown-name",
            "no bridge " + inQuotes(to.bridge) +
                " under portal.bridges (there are: " + joined(names, ", ") + ")",
            near.empty() ? "" : "did you mean \"" + near + "\"?");
    } else if (to.bridge.empty() && members.size() > 1) {
      std::vector<std::string> choices;
      for (const std::string& name : names) choices.push_back(name + "/" + publish.to.node.text());
      if (choices.size() > kMostChoices) choices.resize(kMostChoices);
      error(problems_, publish.to.node, "ambiguous",
            "which bridge? write " + joined(choices, " or "));
    } else if (const auto member = memberFor(members, to)) {
      if (!to.service.empty() &&
          to.service.size() + 1 + members[*member].domain.size() > kMaxDomain)
        error(problems_, publish.to.node, "bad-form",
              "service and domain together are longer than 253 characters");
    }
    checkPorts(publish);
  }

  void checkPorts(const SimplePublish& publish) {
    const To& to = *publish.to;
    const Listen& listen = *publish.listen;
    const unsigned length = 1U + listen.ports.to - listen.ports.from;
    if (publish.toPort && to.service.empty()) {
      error(problems_, publish.toPort.node, "conflict",
            "goes with a service only; write the port behind the address in to");
    } else if (publish.toPort && publish.toPort->value + length - 1 > 65535) {
      error(problems_, publish.toPort.node, "bad-form", "the range would end beyond port 65535");
    }
    const unsigned targets = 1U + to.ports.to - to.ports.from;
    if (to.service.empty() && targets > 1 && targets != length)
      error(problems_, publish.to.node, "conflict",
            "expected as many ports as listen has (" + std::to_string(length) + "), got " +
                std::to_string(targets));
  }

  void checkTags() {
    std::map<std::string, std::size_t> tags;
    for (std::size_t i = 0; i < portal_.publish->size(); ++i) {
      const Given<SimplePublish>& entry = portal_.publish.value[i];
      for (const std::string& tag : inboundTags(entry.value, portal_.publish->size())) {
        const auto [first, fresh] = tags.emplace(tag, i);
        if (fresh) continue;
        const Given<SimplePublish>& other = portal_.publish.value[first->second];
        const Node& node = entry->name ? entry->name.node : entry->listen.node;
        if (entry->name && other->name && entry->name->text == other->name->text) {
          conflict(problems_, node, "duplicate", "the name is already used by " + other.node.path(),
                   other->name.node, "used here");
        } else if (!portMatches(entry.value, other.value)) {
          conflict(problems_, node, "duplicate",
                   "tag " + inQuotes(tag) + " is already that of " + other.node.path() +
                       "; give it a name",
                   other->listen.node, "used here");
        }
        break;
      }
    }
  }
  /// A collision of the ports themselves has been reported.
  static bool portMatches(const SimplePublish& a, const SimplePublish& b) {
    return a.listen->ports.from <= b.listen->ports.to &&
           b.listen->ports.from <= a.listen->ports.to && overlaps(*a.listen, *b.listen);
  }

  static std::string withoutBridge(const std::string& to) { return to.substr(to.find('/') + 1); }
  static std::string joined(const std::vector<std::string>& words, const std::string& by) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : by) + word;
    return text;
  }
  static constexpr std::size_t kMostChoices = 8;

  const SimplePortal& portal_;
  const Node& node_;
  Problems& problems_;
  std::vector<Listener> listeners_;
  std::size_t ports_ = 0;
};

void checkTimeouts(const SimpleTimeouts& timeouts, Problems& problems) {
  for (const auto* duration : {&timeouts.handshake, &timeouts.idle, &timeouts.udpIdle}) {
    if (*duration && (*duration)->value.count() == 0)
      error(problems, duration->node, "bad-form",
            "expected at least 1s, got " + found(duration->node));
  }
}

/// Runs a check on a section that was read well; a mistake found there counts as one of reading.
template <class T, class Check>
void checkSection(Given<T>& section, Problems& problems, Check check) {
  if (!section) return;
  const auto before = problems.errors();
  check();
  section.good = problems.errors() == before;
}

}  // namespace

void checkSimple(SimpleFile& file, Problems& problems) {
  checkSection(file.bridge, problems, [&] { checkBridge(file.bridge, problems); });
  checkSection(file.portal, problems,
               [&] { PortalCheck(file.portal.value, file.portal.node, problems).run(); });
  checkSection(file.timeouts, problems, [&] { checkTimeouts(file.timeouts.value, problems); });
}

}  // namespace culvert::config

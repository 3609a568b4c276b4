#include "proxy/vmess/Settings.h"

#include "base/Log.h"
#include "config/Secrets.h"

#include <algorithm>
#include <map>
#include <utility>

namespace culvert::vmess {
namespace {

using config::Node;
using config::Problems;

/// What is an error in YAML and a warning in V2Ray's JSON.
void complain(Problems& problems, const Node& node, bool lenient, const char* code,
              std::string message, std::string hint = {}) {
  if (lenient) {
    config::warning(problems, node, code, std::move(message), std::move(hint));
  } else {
    config::error(problems, node, code, std::move(message), std::move(hint));
  }
}

/// The id at `node`; nothing after a report.
std::optional<Uuid> readId(const Node& node, const Secret& text, Problems& problems) {
  Result<Uuid> parsed = parseUserId(text.reveal());
  if (!parsed) {
    config::expected(problems, node, "bad-form", "a UUID (or a text of 1 to 30 bytes)",
                     "\"culvert id\" makes one");
    return std::nullopt;
  }
  const Uuid id = parsed.value();
  wipe(parsed.value());
  config::warnIfPublished(node, id, problems);
  return id;
}

/// Reports a second use of a value that must be unique.
class Unique {
 public:
  Unique(Problems& problems, std::string what) : problems_(problems), what_(std::move(what)) {}

  void add(const std::string& value, const Node& node) {
    const auto [first, isNew] = seen_.emplace(value, node);
    if (isNew) return;
    config::Problem problem;
    problem.place = node.place();
    problem.path = node.path();
    problem.code = "duplicate";
    problem.message = what_ + " is given twice";
    problem.secret = node.isSecret();
    problem.related.push_back({first->second.place(), "first at " + first->second.path()});
    problems_.add(std::move(problem));
  }

 private:
  Problems& problems_;
  const std::string what_;
  std::map<std::string, Node> seen_;
};

std::optional<ClientUser> readUser(const UserSettings& settings, const Node& node,
                                   Problems& problems, bool lenient, bool fastAes) {
  const std::size_t errors = problems.errors();
  std::optional<Uuid> id = readId(node["id"], settings.id, problems);

  std::optional<SecurityWord> word = parseSecurity(settings.security, fastAes);
  if (!word) {
    complain(problems, node["security"], lenient, "bad-form",
             "expected auto, aes-128-gcm, chacha20-poly1305, none or zero, got " +
                 inQuotes(settings.security) + (lenient ? "; auto is used, as by V2Ray" : ""));
    word = parseSecurity("auto", fastAes);
  }
  if (word->security == Security::None) {
    complain(problems, node["security"], lenient, "insecure",
             "security " + inQuotes(settings.security) +
                 " does not encrypt: everybody on the way reads and alters everything",
             "use auto");
  }
  if (settings.legacy && settings.alterId == 0) {
    config::error(problems, node["legacy"], "conflict", "legacy headers need alterId > 0");
  } else if (settings.legacy) {
    config::warning(problems, node["legacy"], "legacy", "legacy header: no integrity",
                    "leave `legacy` out unless the server is older than V2Ray 4.28");
  } else if (settings.alterId > 0) {
    config::warning(problems, node["alterId"], "legacy",
                    "has no effect without legacy: AEAD headers are sent",
                    "use 0 at both ends; V2Ray understands it since 4.28");
  }
  if (!id || problems.errors() != errors) return std::nullopt;

  Account account(*id, settings.alterId, settings.email);
  wipe(*id);
  std::vector<crypto::Key16> legacyIds;
  if (settings.legacy) {
    legacyIds = account.legacyIds();
    legacyIds.erase(legacyIds.begin());  // clients use their alter ids only
  }
  const bool sealedLength = settings.experiments.find("AuthenticatedLength") != std::string::npos;
  return ClientUser{std::move(account), word->security, word->zero, sealedLength,
                    std::move(legacyIds)};
}

}  // namespace

std::optional<SecurityWord> parseSecurity(std::string_view word, bool fastAes) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (lower == "auto" || lower.empty()) {
    return SecurityWord{fastAes ? Security::Aes128Gcm : Security::ChaCha20Poly1305};
  }
  if (lower == "aes-128-gcm") return SecurityWord{Security::Aes128Gcm};
  if (lower == "chacha20-poly1305") return SecurityWord{Security::ChaCha20Poly1305};
  if (lower == "none") return SecurityWord{Security::None};
  if (lower == "zero") return SecurityWord{Security::None, true};
  return std::nullopt;
}

std::optional<InboundOptions> readInbound(const Node& node, Problems& problems, bool lenient) {
  const std::size_t errors = problems.errors();
  InboundSettings settings;
  if (!config::read(node, settings, problems)) return std::nullopt;

  InboundOptions options;
  if (settings.disableInsecureEncryption) options.insecure = Insecure::Refused;
  const Node clients = node["clients"];
  if (settings.clients.empty()) {
    complain(problems, clients, lenient, "missing-key", "no clients: nobody can connect");
  }
  Unique ids(problems, "this id"), labels(problems, "this e-mail");
  const Node* legacy = nullptr;
  std::vector<Node> nodes(settings.clients.size());
  for (std::size_t i = 0; i < settings.clients.size(); ++i) {
    const ClientSettings& client = settings.clients[i];
    nodes[i] = clients.isList() ? clients[i] : clients;
    std::optional<Uuid> id = readId(nodes[i]["id"], client.id, problems);
    if (!id) continue;
    options.accounts.emplace_back(*id, client.alterId, client.email);
    wipe(*id);
    ids.add(options.accounts.back().key(), nodes[i]["id"]);
    if (!client.email.empty()) labels.add(client.email, nodes[i]["email"]);
    if (client.alterId > 0 && !legacy) legacy = &nodes[i];
  }
  if (legacy) {
    config::warning(problems, (*legacy)["alterId"], "legacy",
                    "legacy headers are accepted: they have no integrity",
                    "use alterId 0 once no client sends them");
  }
  if (problems.errors() != errors) return std::nullopt;
  return options;
}

std::optional<OutboundOptions> readOutbound(const Node& node, Problems& problems, bool lenient,
                                            bool fastAes) {
  const std::size_t errors = problems.errors();
  OutboundSettings settings;
  if (!config::read(node, settings, problems)) return std::nullopt;

  OutboundOptions options;
  const Node vnext = node["vnext"];
  if (settings.vnext.empty()) {
    config::error(problems, vnext, "missing-key", "expected at least one server");
  }
  for (std::size_t i = 0; i < settings.vnext.size(); ++i) {
    const ServerSettings& written = settings.vnext[i];
    const Node server = vnext.isList() ? vnext[i] : vnext;
    const Node users = server["users"];
    if (written.port == 0) {
      config::expected(problems, server["port"], "bad-form", "a port (1 to 65535)");
    }
    if (written.users.empty()) {
      config::error(problems, users, "missing-key", "expected at least one user");
    }
    Server read{{Network::Tcp, written.address.value_or(Host()), written.port}, {}};
    for (std::size_t j = 0; j < written.users.size(); ++j) {
      const Node user = users.isList() ? users[j] : users;
      auto readIt = readUser(written.users[j], user, problems, lenient, fastAes);
      if (readIt) read.users.push_back(std::move(*readIt));
    }
    options.servers.push_back(std::move(read));
  }
  if (problems.errors() != errors) return std::nullopt;
  return options;
}

}  // namespace culvert::vmess

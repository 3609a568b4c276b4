// Settings of VMess inbounds and outbounds, as V2Ray writes them.
#pragma once

#include "base/Destination.h"
#include "base/Secret.h"
#include "config/Fields.h"
#include "config/Node.h"
#include "config/Problems.h"
#include "proxy/vmess/Account.h"
#include "proxy/vmess/Handshake.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::vmess {

// ---- As written.

struct ClientSettings {
  Secret id;
  std::uint16_t alterId = 0;
  std::string email;
};
template <class V>
void fields(V& v, ClientSettings& s) {
  v.required("id", s.id, "the user's UUID, or a text of up to 30 bytes");
  v.optional(
      "alterId", s.alterId,
      "0: AEAD headers only; more: legacy headers too, from V2Ray clients with the same number");
  v.optional("email", s.email, "the user's name for rules and logs; need not be an address");
  v.ignored("level", "all levels are level 0 here");
  v.ignored("security", "the client chooses");
}

struct InboundSettings {
  std::vector<ClientSettings> clients;
  bool disableInsecureEncryption = false;
};
template <class V>
void fields(V& v, InboundSettings& s) {
  v.optional("clients", s.clients, "who may connect");
  v.optional("disableInsecureEncryption", s.disableInsecureEncryption,
             "refuse clients that use the securities none and aes-128-cfb");
  v.ignored("default", "only V2Ray's dynamic ports use it");
  v.unsupported("detour", config::Effect::None,
                "V2Ray sends clients to another port by it; here they stay on this one");
}

struct UserSettings {
  Secret id;
  std::uint16_t alterId = 0;
  std::string security = "auto";
  bool legacy = false;
  std::string experiments;
  std::string email;
};
template <class V>
void fields(V& v, UserSettings& s) {
  v.required("id", s.id, "the user's UUID, or a text of up to 30 bytes");
  v.optional("alterId", s.alterId, "as at the server; only `legacy` uses it");
  v.optional("security", s.security,
             "how the body is encrypted: auto, aes-128-gcm, chacha20-poly1305, none, zero");
  v.optional("legacy", s.legacy,
             "send the legacy header, for servers before V2Ray 4.28; needs alterId > 0");
  v.optional("experiments", s.experiments, "`AuthenticatedLength` seals the chunks' lengths");
  v.optional("email", s.email, "the user's name in logs");
  v.ignored("level", "all levels are level 0 here");
}

struct ServerSettings {
  std::optional<Host> address;
  std::uint16_t port = 0;
  std::vector<UserSettings> users;
};
template <class V>
void fields(V& v, ServerSettings& s) {
  v.required("address", s.address, "the server's name or address");
  v.required("port", s.port, "its port");
  v.required("users", s.users, "whom to connect as; of several, any for each connection");
}

struct OutboundSettings {
  std::vector<ServerSettings> vnext;
};
template <class V>
void fields(V& v, OutboundSettings& s) {
  v.required("vnext", s.vnext, "the servers; of several, the next one for each connection");
}

// ---- As used.

struct InboundOptions {
  std::vector<Account> accounts;
  Insecure insecure = Insecure::Allowed;
};

/// One way to connect to a server.
struct ClientUser {
  Account account;
  Security security = Security::Aes128Gcm;
  bool zero = false, sealedLength = false;
  std::vector<crypto::Key16> legacyIds;  ///< empty: AEAD headers
};
struct Server {
  Destination address;
  std::vector<ClientUser> users;
};
struct OutboundOptions {
  std::vector<Server> servers;
};

/// What a word for a security means.
struct SecurityWord {
  Security security;
  bool zero = false;
};
/// Nothing for an unknown word.  `fastAes`: what `auto` stands for.
std::optional<SecurityWord> parseSecurity(std::string_view word, bool fastAes);

/// Read and check `node`; nothing after an error.  `lenient`: what V2Ray shrugs at is a warning.
std::optional<InboundOptions> readInbound(const config::Node& node, config::Problems& problems,
                                          bool lenient);
std::optional<OutboundOptions> readOutbound(const config::Node& node, config::Problems& problems,
                                            bool lenient, bool fastAes);

}  // namespace culvert::vmess

#include "routing/Rule.h"

#include "base/Log.h"
#include "routing/Words.h"

#include <algorithm>
#include <utility>

namespace culvert::routing {
namespace {

using config::Node;
using config::Problems;

void bad(Problems& problems, const Word& word, std::string message) {
  problems.error(word.node.place(), word.node.path(), "bad-form", std::move(message));
}

/// `text` is FILE:LIST behind one of `prefixes`, or LIST behind `own`, whose file is `ownFile`.
std::optional<std::pair<std::string, std::string_view>> listNamed(
    std::string_view text, std::string_view own, const char* ownFile,
    std::initializer_list<std::string_view> prefixes) {
  if (text.starts_with(own)) return {{ownFile, text.substr(own.size())}};
  for (const std::string_view prefix : prefixes) {
    if (!text.starts_with(prefix)) continue;
    text.remove_prefix(prefix.size());
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {{std::string(text), std::string_view()}};
    return {{std::string(text.substr(0, colon)), text.substr(colon + 1)}};
  }
  return std::nullopt;
}

std::vector<std::string> textsOf(const std::vector<Word>& words) {
  std::vector<std::string> texts;
  for (const Word& word : words) texts.push_back(word.text);
  return texts;
}

}  // namespace

Rule::Rule(const config::RuleConfig& written, const GeoFiles& files, Problems& problems)
    : outboundTag_(written.outboundTag.text()), place_(written.place) {
  if (written.domain) compileDomain(written.domain, files, problems);
  if (written.ip) ip_ = compileIp(written.ip, files, problems);
  if (written.source) source_ = compileIp(written.source, files, problems);
  if (written.port) port_.emplace(written.port, problems);
  if (written.sourcePort) sourcePort_.emplace(written.sourcePort, problems);
  if (written.network) compileNetwork(written.network, problems);
  if (written.user) users_ = textsOf(readWords(written.user, problems));
  if (written.inboundTag) inboundTags_ = textsOf(readWords(written.inboundTag, problems));
  if (written.protocol) {
    sniffed_ = true;
    readWords(written.protocol, problems);
    problems.warning(written.protocol.place(), written.protocol.path(), "unreachable",
                     "this rule can never match: protocols are not looked into in this version");
  }
  if (written.attrs) {
    problems.error(written.attrs.place(), written.attrs.path(), "unsupported",
                   "not in this version");
  }
}

void Rule::compileDomain(const Node& node, const GeoFiles& files, Problems& problems) {
  DomainMatcher& matcher = domain_.emplace();
  for (const Word& word : readWords(node, problems)) {
    const auto list =
        listNamed(word.text, "geosite:", "geosite.dat", {"ext:", "ext-domain:", "ext-site:"});
    if (!list) {
      if (auto wrong = matcher.add(word.text)) bad(problems, word, std::move(*wrong));
      continue;
    }
    std::vector<std::string> attributes;
    std::string_view code = list->second.substr(0, list->second.find('@'));
    for (std::string_view rest = list->second.substr(code.size()); !rest.empty();) {
      rest.remove_prefix(1);
      attributes.emplace_back(rest.substr(0, rest.find('@')));
      rest.remove_prefix(attributes.back().size());
    }
    if (code.empty()) {
      bad(problems, word,
          "expected the name of a list, as in geosite:google or ext:file.dat:google");
      continue;
    }
    try {
      for (const GeoFiles::Name& name : files.names(list->first, code, attributes)) {
        if (auto wrong = matcher.add(name.type, name.text)) bad(problems, word, std::move(*wrong));
      }
    } catch (const GeoError& error) {
      problems.error(word.node.place(), word.node.path(), "missing-file", error.text);
    }
  }
}

std::optional<IpMatcher> Rule::compileIp(const Node& node, const GeoFiles& files,
                                         Problems& problems) {
  IpMatcher matcher;
  for (const Word& word : readWords(node, problems)) {
    std::string_view text = word.text;
    bool negated = text.starts_with('!');
    if (negated) text.remove_prefix(1);

    std::vector<Cidr> blocks;
    if (auto list = listNamed(text, "geoip:", "geoip.dat", {"ext:", "ext-ip:"})) {
      auto& [file, code] = *list;
      if (code.starts_with('!')) {
        negated = !negated;
        code.remove_prefix(1);
      }
      if (code.empty()) {
        bad(problems, word, "expected the name of a list, as in geoip:private or ext:file.dat:cn");
        continue;
      }
      try {
        blocks = file == "geoip.dat" && normalizedDomain(code) == "private"
                     ? privateBlocks()
                     : files.addresses(file, code);
      } catch (const GeoError& error) {
        problems.error(word.node.place(), word.node.path(), "missing-file", error.text);
        continue;
      }
    } else if (const auto block = parseCidr(text)) {
      blocks.push_back(*block);
    } else {
      bad(problems, word,
          "expected an address, a block such as 10.0.0.0/8, or geoip:private, got " +
              culvert::inQuotes(word.text));
      continue;
    }
    if (negated) {
      matcher.addAllBut(blocks);
    } else {
      matcher.add(blocks);
    }
  }
  matcher.finish();
  return matcher;
}

void Rule::compileNetwork(const Node& node, Problems& problems) {
  tcp_ = udp_ = false;
  for (const Word& word : readWords(node, problems)) {
    const std::string name = normalizedDomain(word.text);
    if (name == "tcp") {
      tcp_ = true;
    } else if (name == "udp") {
      udp_ = true;
    } else {
      bad(problems, word, "expected tcp, udp or both, got " + culvert::inQuotes(word.text));
    }
  }
}

Rule::Answer Rule::matches(const Question& question) const {
  const proxy::Session& session = question.session;
  if (sniffed_) return Answer::No;
  if (inboundTags_) {
    const std::string& tag = session.inbound ? session.inbound->tag : std::string();
    if (std::find(inboundTags_->begin(), inboundTags_->end(), tag) == inboundTags_->end())
      return Answer::No;
  }
  if (!(session.target.network == Network::Tcp ? tcp_ : udp_)) return Answer::No;
  if (port_ && !port_->matches(session.target.port)) return Answer::No;
  if (users_) {
    if (session.user.empty()) return Answer::No;
    if (std::find(users_->begin(), users_->end(), session.user) == users_->end()) return Answer::No;
  }
  if (source_ && !(session.source && source_->matches(session.source->ip))) return Answer::No;
  if (sourcePort_ && !(session.source && sourcePort_->matches(session.source->port)))
    return Answer::No;
  if (domain_ && !(session.target.isDomain() && domain_->matches(question.name))) return Answer::No;
  if (!ip_) return Answer::Yes;
  if (!session.target.isDomain())
    return ip_->matches(session.target.ip()) ? Answer::Yes : Answer::No;
  if (!question.addresses) return Answer::NeedsAddresses;
  return ip_->matchesAny(*question.addresses) ? Answer::Yes : Answer::No;
}

}  // namespace culvert::routing

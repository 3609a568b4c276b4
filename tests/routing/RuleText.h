// Rules and sessions as short texts, for the tables of this folder.
#pragma once

#include "base/Destination.h"
#include "config/Model.h"
#include "config/NodeReaders.h"
#include "proxy/Session.h"

#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::routing {

inline config::Node json(const std::string& text) {
  config::Problems problems;
  const auto source = std::make_shared<config::Source>();
  source->name = "rules.json";
  source->text = text;
  config::Node node = config::parseJson(source, problems);
  if (problems.errors() > 0) throw std::invalid_argument(problems.text());
  return node;
}

inline config::RuleConfig ruleOf(const config::Node& object) {
  config::RuleConfig rule;
  rule.domain = object["domain"];
  rule.ip = object["ip"];
  rule.port = object["port"];
  rule.network = object["network"];
  rule.source = object["source"];
  rule.sourcePort = object["sourcePort"];
  rule.user = object["user"];
  rule.inboundTag = object["inboundTag"];
  rule.protocol = object["protocol"];
  rule.attrs = object["attrs"];
  rule.outboundTag = object["outboundTag"];
  rule.object = object;
  rule.place = object.place();
  return rule;
}

inline config::RuleConfig ruleOf(const std::string& text) {
  return ruleOf(json(text));
}

/// A list of rules, and what stands beside them in a model.
inline config::Model modelOf(const std::string& rules, const std::string& strategy = "AsIs") {
  config::Model model;
  model.domainStrategy = strategy;
  const config::Node list = json(rules);
  for (const config::Node& rule : list.items()) model.rules.push_back(ruleOf(rule));
  return model;
}

/// "tcp:host:port" and any of in=TAG, user=NAME, from=ADDRESS:PORT, link.
inline proxy::Session sessionOf(const std::string& text) {
  proxy::Session session;
  auto inbound = std::make_shared<proxy::InboundInfo>();
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::string value = word.substr(word.find('=') + 1);
    const std::size_t colon = value.rfind(':');
    const auto port = [&] {
      return static_cast<std::uint16_t>(std::stoi(value.substr(colon + 1)));
    };
    if (word.starts_with("in=")) {
      inbound->tag = value;
    } else if (word.starts_with("user=")) {
      session.user = value;
    } else if (word.starts_with("from=")) {
      session.source = Endpoint{Ip::parse(value.substr(0, colon)).value(), port()};
    } else if (word == "link") {
      session.link = true;
    } else {
      session.target.network = word.starts_with("udp:") ? Network::Udp : Network::Tcp;
      session.target.host = parseHost(value.substr(4, colon - 4));
      session.target.port = port();
    }
  }
  session.inbound = inbound;
  return session;
}

}  // namespace culvert::routing

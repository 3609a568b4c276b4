#include "config/ModelFields.h"

#include "base/Log.h"
#include "config/Secrets.h"
#include "config/Text.h"

#include <cstdlib>

namespace culvert::config {
namespace {

constexpr std::string_view kEnvironment = "env:";

/// "env:NAME" in JSON; nothing after a report.
std::optional<std::string> portFromEnvironment(const Node& node, Problems& problems) {
  const std::string name = node.text().substr(kEnvironment.size());
  const char* value = std::getenv(name.c_str());
  if (value && *value != '\0') return value;
  error(problems, node, "bad-form", "the environment has no variable " + inQuotes(name));
  return {};
}

std::string portHint(std::string_view text) {
  std::string mistake = numberMistake(text);
  if (!mistake.empty()) return mistake;
  if (text.find(',') != std::string_view::npos)
    return "lists are Xray's; make one inbound for each";
  if (text != trimmed(text)) return "without blanks";
  return "";
}

}  // namespace

bool Value<PortText>::read(const Node& node, PortText& out, Problems& problems) {
  const Node value = resolveReference(node, problems);
  if (!value) return false;
  if (value.kind() != Node::Kind::Number && !value.isString()) {
    expected(problems, value, "bad-type", form());
    return false;
  }
  std::string text = value.text();
  if (value.isString() && text.starts_with(kEnvironment)) {
    const auto found = portFromEnvironment(value, problems);
    if (!found) return false;
    text = *found;
  }
  const auto range = parsePortRange(text);
  if (!range) {
    const std::string got = text == value.text() ? found(value) : inQuotes(text);
    error(problems, value, "bad-form", "expected a port (1 to 65535), got " + got, portHint(text));
    return false;
  }
  out.range = *range;
  return true;
}
Node Value<PortText>::write(const PortText& value) {
  const PortRange& range = value.range;
  if (range.from == range.to) return Node::number(std::int64_t{range.from});
  return Node::string(std::to_string(range.from) + "-" + std::to_string(range.to));
}
std::string Value<PortText>::form() {
  return "a port, a range \"1000-2000\" or \"env:NAME\"";
}
Node Value<PortText>::schema() {
  const Node text = Node::map({{"type", {}, Node::string("string")}});
  return Node::map({{"anyOf", {}, Node::list({fields_detail::wholeSchema(1, 65535), text})}});
}

bool Value<ListenText>::read(const Node& node, ListenText& out, Problems& problems) {
  std::string text;
  if (!Value<std::string>::read(node, text, problems)) return false;
  out.isUnixSocket = text.starts_with('/') || text.starts_with('@');
  if (out.isUnixSocket) {
    error(problems, node, "unsupported", "Unix sockets: not in this version");
    return false;
  }
  if (equalsIgnoreCase(text, "localhost")) text = "127.0.0.1";
  const auto ip = Ip::parse(text);
  if (!ip) {
    expected(problems, node, "bad-form", form());
    return false;
  }
  out.addresses = {ip.value()};
  return true;
}
Node Value<ListenText>::write(const ListenText& value) {
  return value.addresses.empty() ? Node() : Node::string(toString(value.addresses.front()));
}
std::string Value<ListenText>::form() {
  return "an IP address or localhost";
}
Node Value<ListenText>::schema() {
  return Node::map({{"type", {}, Node::string("string")}});
}

bool Value<ThreadsText>::read(const Node& node, ThreadsText& out, Problems& problems) {
  const auto number = fields_detail::readWhole(node, 1, 64, problems);
  if (number) out.count = static_cast<int>(number->magnitude);
  return number.has_value();
}

}  // namespace culvert::config

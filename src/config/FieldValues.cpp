// The single types of field: how each is read, written and called.
#include "config/Fields.h"
#include "config/Secrets.h"
#include "config/Suggest.h"
#include "config/Text.h"

#include <algorithm>
#include <limits>

namespace culvert::config {
namespace {

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 < words.size() ? ", " : " or ";
    text += words[i];
  }
  return text;
}

Node typeSchema(std::string type) {
  return Node::map({{"type", {}, Node::string(std::move(type))}});
}

/// The text of a single value that must be text; nothing after a report.
std::optional<Node> readText(const Node& node, std::string_view what, Problems& problems) {
  const Node value = resolveReference(node, problems);
  if (!value) return {};
  if (value.isString()) return value;
  const bool isScalar = value.kind() == Node::Kind::Number || value.kind() == Node::Kind::Bool;
  std::string hint;
  if (isScalar)
    hint = value.isSecret() ? "put it in quotes" : "put it in quotes: \"" + found(value) + "\"";
  if (value.isList() && value.dialect() == Dialect::Yaml) hint = "write one value, without \"- \"";
  expected(problems, value, "bad-type", what, std::move(hint));
  return {};
}

bool hasUrlScheme(std::string_view text) {
  return text.find("://") != std::string_view::npos;
}

}  // namespace

namespace fields_detail {

std::optional<WholeNumber> readWhole(const Node& node, std::int64_t low, std::uint64_t high,
                                     Problems& problems) {
  const Node value = resolveReference(node, problems);
  if (!value) return {};
  const std::string form = wholeForm(low, high);
  const bool isYaml = value.dialect() == Dialect::Yaml;
  const bool isText = value.isString();
  if (value.kind() != Node::Kind::Number && !(isYaml && isText)) {
    expected(problems, value, "bad-type", form,
             isText && parseWhole(value.text()) ? "write it without quotes" : "");
    return {};
  }
  const auto number = parseWhole(value.text());
  if (number && number->isWithin(low, high)) return number;
  const std::string mistake = value.isSecret() ? "" : numberMistake(value.text());
  if (!mistake.empty()) {
    error(problems, value, "bad-form", mistake);
  } else {
    expected(problems, value, "bad-form", form);
  }
  return {};
}

std::string wholeForm(std::int64_t low, std::uint64_t high) {
  if (high > std::numeric_limits<std::uint32_t>::max())
    return low < 0 ? "a whole number" : "a whole number from 0";
  return "a number from " + std::to_string(low) + " to " + std::to_string(high);
}

Node wholeSchema(std::int64_t low, std::uint64_t high) {
  std::vector<Node::Entry> schema = {{"type", {}, Node::string("integer")},
                                     {"minimum", {}, Node::number(low)}};
  if (high <= std::numeric_limits<std::uint32_t>::max()) {
    schema.push_back({"maximum", {}, Node::number(std::to_string(high))});
  }
  return Node::map(std::move(schema));
}

std::optional<std::size_t> readWord(const Node& node, const std::vector<std::string_view>& words,
                                    Problems& problems) {
  const std::string form = wordForm(words);
  const auto value = readText(node, form, problems);
  if (!value) return {};
  const bool isJson = value->dialect() == Dialect::Json;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (value->text() == words[i] || (isJson && equalsIgnoreCase(value->text(), words[i])))
      return i;
  }
  const std::vector<std::string> known(words.begin(), words.end());
  const std::string near = value->isSecret() ? "" : didYouMean(value->text(), known);
  error(problems, *value, "bad-form", "expected " + form + ", got " + found(*value) + near);
  return {};
}

std::string wordForm(const std::vector<std::string_view>& words) {
  return joined(words);
}

Node wordSchema(const std::vector<std::string_view>& words) {
  std::vector<Node> known;
  for (const std::string_view word : words) known.push_back(Node::string(std::string(word)));
  return Node::map({{"enum", {}, Node::list(std::move(known))}});
}

std::optional<std::vector<Node>> readList(const Node& node, bool isText, Problems& problems) {
  if (node.isList()) return node.items();
  if (node.dialect() == Dialect::Yaml) {
    if (isText && node.isString() && node.text().find(',') != std::string::npos) {
      expected(problems, node, "bad-form", "a list", "write a list: [a, b]");
      return {};
    }
    return std::vector<Node>{node};
  }
  if (!isText || !node.isString()) {
    expected(problems, node, "bad-type", "a list", "put it in [ ]");
    return {};
  }
  std::vector<Node> items;
  for (const std::string_view part : split(node.text(), ',')) {
    if (part.empty()) continue;
    const Node item = Node::string(std::string(part), node.place()).withPath(node.path());
    items.push_back(node.isSecret() ? item.asSecret() : item);
  }
  return items;
}

Node listSchema(const Node& items) {
  const Node list = Node::map({{"type", {}, Node::string("array")}, {"items", {}, items}});
  return Node::map({{"anyOf", {}, Node::list({items, list})}});
}

bool isItem(const Node& item, Problems& problems) {
  if (item.kind() != Node::Kind::Null) return true;
  error(problems, item, "empty", "is empty");
  return false;
}

bool isObject(const Node& node, Problems& problems) {
  if (node.isMap() || !node || node.kind() == Node::Kind::Null) return true;
  const bool isYamlList = node.isList() && node.dialect() == Dialect::Yaml;
  expected(problems, node, "bad-type", node.dialect() == Dialect::Yaml ? "a map" : "an object { }",
           isYamlList ? "remove the \"- \"" : "");
  return false;
}

}  // namespace fields_detail

bool Value<bool>::read(const Node& node, bool& out, Problems& problems) {
  const Node value = resolveReference(node, problems);
  if (!value) return false;
  const bool isReferred = static_cast<bool>(value.reference());
  if (value.kind() == Node::Kind::Bool) {
    out = value.boolean();
  } else if (isReferred && (value.text() == "true" || value.text() == "false")) {
    out = value.text() == "true";
  } else {
    expected(problems, value, "bad-type", form(), "write true or false, without quotes");
    return false;
  }
  return true;
}
Node Value<bool>::write(const bool& value) {
  return Node::boolean(value);
}
std::string Value<bool>::form() {
  return "true or false";
}
Node Value<bool>::schema() {
  return typeSchema("boolean");
}

bool Value<std::string>::read(const Node& node, std::string& out, Problems& problems) {
  const auto value = readText(node, form(), problems);
  if (value) out = value->text();
  return value.has_value();
}
Node Value<std::string>::write(const std::string& value) {
  return Node::string(value);
}
std::string Value<std::string>::form() {
  return "text";
}
Node Value<std::string>::schema() {
  return typeSchema("string");
}

bool Value<Secret>::read(const Node& node, Secret& out, Problems& problems) {
  const auto value = readText(node.asSecret(), form(), problems);
  if (!value) return false;
  out = Secret(value->text());
  warnIfShort(*value, value->text(), problems);
  return true;
}
Node Value<Secret>::write(const Secret& value) {
  return Node::string(std::string(value.reveal())).asSecret();
}
std::string Value<Secret>::form() {
  return "text";
}
Node Value<Secret>::schema() {
  return typeSchema("string");
}

bool Value<Uuid>::read(const Node& node, Uuid& out, Problems& problems) {
  const auto value = readText(node.asSecret(), form(), problems);
  if (!value) return false;
  const std::string& text = value->text();
  const auto id = parseUuid(text);
  if (!id) {
    const bool isTooLong = parseUuid(std::string_view(text).substr(0, 36)).ok() ||
                           parseUuid(std::string_view(text).substr(0, 32)).ok();
    expected(problems, *value, "bad-form", form(),
             isTooLong ? "there is something behind the id; V2Ray would ignore it"
                       : "\"culvert id\" makes one");
    return false;
  }
  out = id.value();
  warnIfPublished(*value, out, problems);
  return true;
}
Node Value<Uuid>::write(const Uuid& value) {
  return Node::string(toString(value)).asSecret();
}
std::string Value<Uuid>::form() {
  return "a UUID, 36 characters";
}
Node Value<Uuid>::schema() {
  return Node::map({{"type", {}, Node::string("string")}, {"format", {}, Node::string("uuid")}});
}

bool Value<Ip>::read(const Node& node, Ip& out, Problems& problems) {
  const auto value = readText(node, form(), problems);
  if (!value) return false;
  const auto ip = Ip::parse(trimmed(value->text()));
  if (!ip) {
    expected(problems, *value, "bad-form", form());
    return false;
  }
  out = ip.value();
  return true;
}
Node Value<Ip>::write(const Ip& value) {
  return Node::string(toString(value));
}
std::string Value<Ip>::form() {
  return "an IP address";
}
Node Value<Ip>::schema() {
  return typeSchema("string");
}

bool Value<Host>::read(const Node& node, Host& out, Problems& problems) {
  const auto value = readText(node, form(), problems);
  if (!value) return false;
  const std::string_view text = trimmed(value->text());
  Host host = parseHost(text);
  if (std::holds_alternative<std::string>(host) && !isHostName(text)) {
    std::string hint;
    if (hasUrlScheme(text)) {
      hint = "leave out " + std::string(text.substr(0, text.find("://") + 3));
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
      hint = "the port is a key of its own";
    }
    expected(problems, *value, "bad-form", form(), std::move(hint));
    return false;
  }
  out = std::move(host);
  return true;
}
Node Value<Host>::write(const Host& value) {
  return Node::string(toString(value));
}
std::string Value<Host>::form() {
  return "a host name or an IP address";
}
Node Value<Host>::schema() {
  return typeSchema("string");
}

bool Value<Networks>::read(const Node& node, Networks& out, Problems& problems) {
  Networks read{.tcp = false, .udp = false};
  const auto take = [&](const Node& at, std::string_view word) {
    const bool isTcp = equalsIgnoreCase(word, "tcp"), isUdp = equalsIgnoreCase(word, "udp");
    read.tcp |= isTcp;
    read.udp |= isUdp;
    if (!isTcp && !isUdp) expected(problems, at, "bad-form", form());
    return isTcp || isUdp;
  };
  bool good = true;
  const auto takeText = [&](const Node& item) {
    const auto value = readText(item, form(), problems);
    if (!value) return false;
    const auto words = split(value->text(), ',');
    return std::all_of(words.begin(), words.end(),
                       [&](std::string_view word) { return take(*value, word); });
  };
  if (node.isList()) {
    if (node.items().empty()) {
      error(problems, node, "bad-form", "expected " + form() + ", got an empty list");
      return false;
    }
    for (const Node& item : node.items()) good = takeText(item) && good;
  } else {
    good = takeText(node);
  }
  if (good) out = read;
  return good;
}
Node Value<Networks>::write(const Networks& value) {
  return Node::string(value.tcp && value.udp ? "tcp,udp" : value.udp ? "udp" : "tcp");
}
std::string Value<Networks>::form() {
  return "\"tcp\", \"udp\" or \"tcp,udp\"";
}
Node Value<Networks>::schema() {
  const Node word = fields_detail::wordSchema({"tcp", "udp", "tcp,udp"});
  return fields_detail::listSchema(word);
}

bool Value<std::chrono::seconds>::read(const Node& node, std::chrono::seconds& out,
                                       Problems& problems) {
  const auto number =
      fields_detail::readWhole(node, 0, std::numeric_limits<std::uint32_t>::max(), problems);
  if (number) out = std::chrono::seconds(number->magnitude);
  return number.has_value();
}
Node Value<std::chrono::seconds>::write(const std::chrono::seconds& value) {
  return Node::number(std::int64_t{value.count()});
}
std::string Value<std::chrono::seconds>::form() {
  return "a number of seconds";
}
Node Value<std::chrono::seconds>::schema() {
  return fields_detail::wholeSchema(0, std::numeric_limits<std::uint32_t>::max());
}

bool Value<Node>::read(const Node& node, Node& out, Problems& /*problems*/) {
  out = node;
  return true;
}
Node Value<Node>::write(const Node& value) {
  return value;
}
std::string Value<Node>::form() {
  return "a map";
}
Node Value<Node>::schema() {
  return Node::map({});
}

}  // namespace culvert::config

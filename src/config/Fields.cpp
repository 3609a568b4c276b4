#include "config/Fields.h"

#include "config/Suggest.h"
#include "config/Text.h"

#include <algorithm>
#include <iterator>

namespace culvert::config {

// ---- Reading a map.

Node FieldReader::take(std::string_view key) {
  known_.emplace_back(key);
  isEmpty_ = false;
  const std::vector<Node::Entry>& entries = map_.entries();
  const auto at = [&](auto matches) {
    return static_cast<std::size_t>(
        std::distance(entries.begin(), std::find_if(entries.begin(), entries.end(), matches)));
  };
  std::size_t index = at([key](const Node::Entry& entry) { return entry.key == key; });
  if (index == entries.size() && map_.dialect() == Dialect::Json) {
    index = at([key](const Node::Entry& entry) { return equalsIgnoreCase(entry.key, key); });
    if (index < entries.size()) {
      problems_.warning(entries[index].keyPlace, entries[index].value.path(), "unknown-key",
                        "the key is written \"" + std::string(key) + "\"");
    }
  }
  if (index == entries.size()) return {};
  seen_.push_back(index);
  const Node& value = entries[index].value;
  if (value.kind() != Node::Kind::Null) return value;
  if (map_.dialect() == Dialect::Yaml) {
    error(problems_, value, "empty", "is empty");
    isEmpty_ = true;
    good_ = false;
  }
  return {};
}

void FieldReader::missing(std::string_view key, std::string_view text) {
  good_ = false;
  if (isEmpty_) return;
  const std::size_t sentence = std::min(text.find(". "), text.find("; "));
  error(problems_, map_[key], "missing-key", "is missing", std::string(text.substr(0, sentence)));
}

FieldReader& FieldReader::ignored(std::string_view key, std::string_view /*text*/) {
  take(key);
  return *this;
}

FieldReader& FieldReader::unsupported(std::string_view key, Effect effect,
                                      std::string_view /*text*/) {
  const Node value = take(key);
  if (!value) return *this;
  if (effect == Effect::Changes || map_.dialect() == Dialect::Yaml) {
    error(problems_, value, "unsupported", "not in this version");
    good_ = false;
  } else {
    warning(problems_, value, "unsupported", "not in this version, has no effect");
  }
  return *this;
}

bool FieldReader::finish() {
  const std::vector<Node::Entry>& entries = map_.entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (std::find(seen_.begin(), seen_.end(), i) != seen_.end()) continue;
    const Node::Entry& entry = entries[i];
    const bool isError = map_.dialect() == Dialect::Yaml;
    problems_.add({isError ? Severity::Error : Severity::Warning,
                   entry.keyPlace,
                   entry.value.path(),
                   "unknown-key",
                   "unknown key" + didYouMean(entry.key, known_),
                   "",
                   entry.value.isSecret(),
                   {}});
    if (isError) good_ = false;
  }
  return good_;
}

// ---- Describing a map.

FieldDescriber& FieldDescriber::ignored(std::string_view key, std::string_view text) {
  FieldInfo info;
  info.key = key;
  info.text = text;
  info.use = FieldInfo::Use::Ignored;
  fields_.push_back(std::move(info));
  return *this;
}

FieldDescriber& FieldDescriber::unsupported(std::string_view key, Effect effect,
                                            std::string_view text) {
  FieldInfo info;
  info.key = key;
  info.text = text;
  info.use = FieldInfo::Use::Unsupported;
  info.effect = effect;
  fields_.push_back(std::move(info));
  return *this;
}

void FieldDescriber::add(FieldInfo info, const Node& fallback) {
  const bool isSimple = fallback.kind() == Node::Kind::Bool ||
                        fallback.kind() == Node::Kind::Number ||
                        (fallback.isString() && !fallback.text().empty() && !fallback.isSecret());
  if (info.use == FieldInfo::Use::Optional && isSimple) {
    info.fallback = fallback.kind() == Node::Kind::Bool ? found(fallback) : fallback.text();
  }
  fields_.push_back(std::move(info));
}

std::vector<std::string> keysOf(const std::vector<FieldInfo>& fields) {
  std::vector<std::string> keys;
  for (const FieldInfo& field : fields) keys.push_back(field.key);
  return keys;
}

namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void addRows(std::string& out, const std::string& prefix, const std::vector<FieldInfo>& fields) {
  for (const FieldInfo& field : fields) {
    std::string form = field.form, text = field.text, fallback = field.fallback;
    switch (field.use) {
      case FieldInfo::Use::Required:
        fallback = "**required**";
        break;
      case FieldInfo::Use::Optional:
        fallback = fallback.empty() ? "" : "`" + fallback + "`";
        break;
      case FieldInfo::Use::Ignored:
        form = "accepted, no effect";
        break;
      case FieldInfo::Use::Unsupported:
        form = "not in this version";
        break;
    }
    const std::string key = prefix + field.key;
    out += "| `" + key + "` | " + cell(form) + " | " + cell(fallback) + " | " + cell(text) + " |\n";
    const bool isList = field.form.starts_with("a list");
    addRows(out, key + (isList ? "[]." : "."), field.inner);
  }
}

}  // namespace

std::string referenceTable(const std::vector<FieldInfo>& fields) {
  std::string out = "| key | form | default | meaning |\n| --- | --- | --- | --- |\n";
  addRows(out, "", fields);
  return out;
}

Node jsonSchema(const std::vector<FieldInfo>& fields) {
  std::vector<Node::Entry> properties;
  std::vector<Node> required;
  for (const FieldInfo& field : fields) {
    if (field.use == FieldInfo::Use::Unsupported) continue;
    std::vector<Node::Entry> property = field.schema.entries();
    if (!field.text.empty()) property.push_back({"description", {}, Node::string(field.text)});
    properties.push_back({field.key, {}, Node::map(std::move(property))});
    if (field.use == FieldInfo::Use::Required) required.push_back(Node::string(field.key));
  }
  std::vector<Node::Entry> schema = {{"type", {}, Node::string("object")},
                                     {"properties", {}, Node::map(std::move(properties))}};
  if (!required.empty()) schema.push_back({"required", {}, Node::list(std::move(required))});
  schema.push_back({"additionalProperties", {}, Node::boolean(false)});
  return Node::map(std::move(schema));
}

// ---- Writing a map.

FieldWriter& FieldWriter::add(std::string_view key, Node value, FieldInfo::Use use) {
  entries_.push_back({std::string(key), {}, std::move(value)});
  uses_.push_back(use);
  return *this;
}

Node FieldWriter::take(const Node& defaults) {
  std::vector<Node::Entry> kept;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const bool isUsual = defaults && uses_[i] == FieldInfo::Use::Optional &&
                         entries_[i].value.sameAs(defaults[entries_[i].key]);
    if (entries_[i].value && !isUsual) kept.push_back(std::move(entries_[i]));
  }
  entries_.clear();
  uses_.clear();
  return Node::map(std::move(kept));
}

}  // namespace culvert::config

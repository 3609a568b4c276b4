#include "config/Node.h"

#include "base/Log.h"
#include "config/NodeData.h"
#include "config/Secrets.h"
#include "config/Text.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace culvert::config {
namespace {

const std::shared_ptr<const Node::Data>& nothing() {
  static const auto absent = std::make_shared<const Node::Data>();
  return absent;
}

std::shared_ptr<Node::Data> make(Node::Kind kind, Place place) {
  auto data = std::make_shared<Node::Data>();
  data->kind = kind;
  data->place = std::move(place);
  return data;
}

const std::vector<Node> kNoItems;
const std::vector<Node::Entry> kNoEntries;

constexpr std::size_t kLongestName = 40;  // of an entry, behind its index

}  // namespace

Node::Node() : data_(nothing()) {}

Node Node::absent(Place place, std::string path) {
  auto data = make(Kind::Absent, std::move(place));
  data->path = std::move(path);
  return Node(std::move(data));
}

Node Node::null(Place place) {
  return Node(make(Kind::Null, std::move(place)));
}

Node Node::boolean(bool value, Place place) {
  auto data = make(Kind::Bool, std::move(place));
  data->boolean = value;
  return Node(std::move(data));
}

Node Node::number(std::string text, Place place) {
  auto data = make(Kind::Number, std::move(place));
  data->text = std::move(text);
  return Node(std::move(data));
}

Node Node::number(std::int64_t value, Place place) {
  return number(std::to_string(value), std::move(place));
}

Node Node::string(std::string text, Place place) {
  auto data = make(Kind::String, std::move(place));
  data->text = std::move(text);
  return Node(std::move(data));
}

Node Node::list(std::vector<Node> items, Place place) {
  auto data = make(Kind::List, std::move(place));
  data->items = std::move(items);
  return Node(std::move(data));
}

Node Node::map(std::vector<Entry> entries, Place place) {
  auto data = make(Kind::Map, std::move(place));
  data->entries = std::move(entries);
  return Node(std::move(data));
}

Node::Kind Node::kind() const noexcept {
  return data_->kind;
}
bool Node::boolean() const {
  return data_->boolean;
}
const std::string& Node::text() const {
  return data_->text;
}
bool Node::isQuoted() const noexcept {
  return data_->quoted;
}
const std::vector<Node>& Node::items() const {
  return isList() ? data_->items : kNoItems;
}
const std::vector<Node::Entry>& Node::entries() const {
  return isMap() ? data_->entries : kNoEntries;
}

Node Node::operator[](std::string_view key) const {
  for (const Entry& entry : entries()) {
    if (entry.key == key) return entry.value;
  }
  if (dialect() == Dialect::Json) {
    for (const Entry& entry : entries()) {
      if (equalsIgnoreCase(entry.key, key)) return entry.value;
    }
  }
  return absent(place(), pathOf(path(), key));
}

Node Node::operator[](std::size_t index) const {
  if (index < items().size()) return items()[index];
  return absent(place(), pathOf(path(), index, {}));
}

const Place& Node::place() const noexcept {
  return data_->place;
}
const std::string& Node::path() const noexcept {
  return data_->path;
}
Dialect Node::dialect() const noexcept {
  return data_->dialect;
}
bool Node::isSecret() const noexcept {
  return data_->secret;
}

Node Node::reference() const {
  return data_->reference ? Node(data_->reference) : Node();
}

Node Node::asSecret() const {
  auto copy = std::make_shared<Data>(*data_);
  copy->secret = true;
  return Node(std::move(copy));
}

Node Node::asSecret(const Node& from) const {
  auto copy = std::make_shared<Data>(*data_);
  copy->secret = true;
  copy->reference = from.data_;
  copy->place = from.place();
  copy->path = from.path();
  copy->dialect = from.dialect();
  return Node(std::move(copy));
}

Node Node::withPath(std::string path) const {
  auto copy = std::make_shared<Data>(*data_);
  copy->path = std::move(path);
  return Node(std::move(copy));
}

bool Node::sameAs(const Node& other) const {
  if (data_ == other.data_) return true;
  if (kind() != other.kind()) return false;
  switch (kind()) {
    case Kind::Absent:
    case Kind::Null:
      return true;
    case Kind::Bool:
      return boolean() == other.boolean();
    case Kind::Number:
    case Kind::String:
      return text() == other.text();
    case Kind::List:
      return std::equal(items().begin(), items().end(), other.items().begin(), other.items().end(),
                        [](const Node& a, const Node& b) { return a.sameAs(b); });
    case Kind::Map:
      break;
  }
  if (entries().size() != other.entries().size()) return false;
  std::map<std::string_view, const Node*> theirs;
  for (const Entry& entry : other.entries()) theirs.emplace(entry.key, &entry.value);
  return std::all_of(entries().begin(), entries().end(), [&theirs](const Entry& entry) {
    const auto found = theirs.find(entry.key);
    return found != theirs.end() && entry.value.sameAs(*found->second);
  });
}

namespace {

/// A secret, or an id that stands where none is expected.
bool isHidden(const Node& node) {
  return node.isSecret() || holdsId(node.text());
}

}  // namespace

std::string found(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::Absent:
    case Node::Kind::Null:
      return "nothing";
    case Node::Kind::Bool:
      return node.boolean() ? "true" : "false";
    case Node::Kind::Number:
      return isHidden(node) ? "(hidden)" : printable(node.text().substr(0, 64));
    case Node::Kind::String:
      return isHidden(node) ? "(hidden)" : inQuotes(node.text());
    case Node::Kind::List:
      return "a list";
    case Node::Kind::Map:
      return "a map";
  }
  return "nothing";
}

namespace {

void report(Severity severity, Problems& problems, const Node& node, std::string code,
            std::string message, std::string hint) {
  problems.add({severity,
                node.place(),
                node.path(),
                std::move(code),
                std::move(message),
                std::move(hint),
                node.isSecret(),
                {}});
}

}  // namespace

void error(Problems& problems, const Node& node, std::string code, std::string message,
           std::string hint) {
  report(Severity::Error, problems, node, std::move(code), std::move(message), std::move(hint));
}

void warning(Problems& problems, const Node& node, std::string code, std::string message,
             std::string hint) {
  report(Severity::Warning, problems, node, std::move(code), std::move(message), std::move(hint));
}

void expected(Problems& problems, const Node& node, std::string code, std::string_view what,
              std::string hint) {
  error(problems, node, std::move(code), "expected " + std::string(what) + ", got " + found(node),
        std::move(hint));
}

std::string pathOf(const std::string& path, std::string_view key) {
  std::string text = path;
  if (!text.empty()) text += '.';
  return text += printable(key.substr(0, 256));
}

std::string pathOf(const std::string& path, std::size_t index, const Node& item) {
  std::string text = path + "[" + std::to_string(index) + "]";
  for (const std::string_view key : {"name", "tag"}) {
    for (const Node::Entry& entry : item.entries()) {
      const bool isName = entry.key == key && entry.value.isString() && !entry.value.isSecret();
      if (!isName || entry.value.text().empty()) continue;
      return text += " (" + printable(entry.value.text().substr(0, kLongestName)) + ")";
    }
  }
  return text;
}

namespace {

class Finisher {
 public:
  explicit Finisher(Problems& problems) : problems_(problems) {}

  void visit(const Node& node, std::string path, bool isSecret) {
    Node::Data& data = Node::Data::underConstruction(node);
    data.path = std::move(path);
    const bool isText = node.isString() || node.kind() == Node::Kind::Number;
    if (isSecret && isText) data.secret = true;
    if (node.isMap()) dropDoubles(data);
    for (std::size_t i = 0; i < data.items.size(); ++i) {
      visit(data.items[i], pathOf(data.path, i, data.items[i]), isSecret);
    }
    for (const Node::Entry& entry : data.entries) {
      visit(entry.value, pathOf(data.path, entry.key), isSecretKey(entry.key));
    }
  }

 private:
  void dropDoubles(Node::Data& data) {
    std::map<std::string, Place> seen;
    std::vector<Node::Entry> kept;
    for (Node::Entry& entry : data.entries) {
      const bool anyCase = data.dialect == Dialect::Json;
      const auto [first, isNew] =
          seen.emplace(anyCase ? lowerCase(entry.key) : entry.key, entry.keyPlace);
      if (isNew) {
        kept.push_back(std::move(entry));
      } else if (reported_.emplace(entry.keyPlace.line, entry.keyPlace.column).second) {
        problems_.add(
            {Severity::Error,
             entry.keyPlace,
             pathOf(data.path, entry.key),
             "duplicate",
             "given twice",
             "",
             isSecretKey(entry.key),
             {{first->second, "first here, line " + std::to_string(first->second.line)}}});
      }
    }
    data.entries = std::move(kept);
  }

  Problems& problems_;
  std::set<std::pair<int, int>> reported_;  // an alias repeats its anchor's mistakes
};

}  // namespace

void finishTree(const Node& root, Problems& problems) {
  Finisher(problems).visit(root, "", false);
}

}  // namespace culvert::config

// The door to yaml-cpp.  Its events are taken instead of its node graph: they have the place of an
// alias, they come one document at a time, and the limits hold while reading.
#include "base/Log.h"
#include "config/NodeData.h"
#include "config/NodeReaders.h"
#include "config/Text.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <sstream>
#include <utility>

namespace culvert::config {
namespace {

struct Stop {};  // thrown, also through yaml-cpp, once the mistake has been reported

/// 0, 12, -3: what is a number without doubt.  010, 0x10, 1_000, 8e3 and 80.0 stay text.
bool isPlainNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || (text.front() == '0' && text.size() > 1)) return false;
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Where things stand in the text: yaml-cpp counts lines from 0 and columns in bytes.
class Places {
 public:
  explicit Places(std::shared_ptr<const Source> source) : source_(std::move(source)) {
    std::size_t start = 0;
    while (true) {
      starts_.push_back(start);
      const std::size_t end = source_->text.find('\n', start);
      if (end == std::string::npos) break;
      start = end + 1;
    }
  }

  /// The text from the mark to the end of its line.
  std::string_view behind(const YAML::Mark& mark) const {
    const std::string_view line = lineAt(mark);
    return line.substr(std::min(bytes(mark), line.size()));
  }
  std::string_view lineAt(const YAML::Mark& mark) const {
    const auto index = static_cast<std::size_t>(std::max(mark.line, 0));
    if (index >= starts_.size()) return {};
    std::string_view line = std::string_view(source_->text).substr(starts_[index]);
    line = line.substr(0, line.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  /// Whether a text that begins with a quote at the mark ends: at the end of the file yaml-cpp does
  /// not care.
  bool isClosed(const YAML::Mark& mark) const {
    const std::string_view line = behind(mark);
    if (line.empty() || (line.front() != '"' && line.front() != '\'')) return true;
    const char quote = line.front();
    const std::string& text = source_->text;
    auto at = static_cast<std::size_t>(line.data() - text.data()) + 1;
    while (at < text.size() && text[at] != quote) at += quote == '"' && text[at] == '\\' ? 2 : 1;
    return at < text.size();
  }

  /// Whether a line up to the mark's begins with --- or ..., which part documents.
  bool hasMarkerBefore(const YAML::Mark& mark) const {
    const auto last =
        std::min(static_cast<std::size_t>(std::max(mark.line, 0)) + 1, starts_.size());
    return std::any_of(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(last),
                       [this](std::size_t start) {
                         const std::string_view line =
                             std::string_view(source_->text).substr(start, 3);
                         return line == "---" || line == "...";
                       });
  }

  Place at(const YAML::Mark& mark, std::size_t length = 1) const {
    const std::string_view line = lineAt(mark);
    const std::string_view before = line.substr(0, std::min(bytes(mark), line.size()));
    return {source_, std::max(mark.line, 0) + 1, static_cast<int>(codePoints(before)) + 1,
            static_cast<int>(std::max<std::size_t>(length, 1))};
  }

  /// A scalar's place, as long as what of it stands on its first line.
  Place ofScalar(const YAML::Mark& mark, const std::string& value, bool quoted) const {
    const std::string_view text = behind(mark);
    if (!quoted) {
      const std::size_t end = text.starts_with(value) ? value.size() : text.size();
      return at(mark, codePoints(trimmed(text.substr(0, end))));
    }
    if (text.empty() || (text.front() != '"' && text.front() != '\'')) return at(mark);
    std::size_t end = 1;
    while (end < text.size() && text[end] != text.front()) {
      end += text.front() == '"' && text[end] == '\\' ? 2 : 1;
    }
    return at(mark, codePoints(text.substr(0, std::min(end + 1, text.size()))));
  }

 private:
  static std::size_t bytes(const YAML::Mark& mark) {
    return static_cast<std::size_t>(std::max(mark.column, 0));
  }

  std::shared_ptr<const Source> source_;
  std::vector<std::size_t> starts_;  // of the lines
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(const Places& places, Problems& problems) : places_(places), problems_(problems) {}

  const Node& root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (!root_) return;
    if (places_.hasMarkerBefore(mark)) {
      fail(places_.at(mark), "several documents in one file are not supported",
           "remove what begins with ---");
    }
    fail(places_.at(mark), "this does not go with what stands above", "check the indentation");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Place place = places_.at(mark);
    const std::string_view text = places_.behind(mark);
    const bool written = text.starts_with('~') || equalsIgnoreCase(text.substr(0, 4), "null");
    if (!written && !open_.empty()) place = open_.back().at;  // the mark is that of the next token
    add(Node::null(std::move(place)), anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::string_view text = places_.behind(mark);
    const Place place = places_.at(mark, text.substr(0, text.find_first_of(" ,]}")).size());
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) fail(place, "an anchor must not contain itself");
    count(known->second.nodes, place);
    Node copy = copied(known->second.node);
    Node::Data::underConstruction(copy).place = place;
    const int depth = static_cast<int>(open_.size()) + known->second.depth;
    if (depth > kMaxDepth) tooDeep(place);
    deepen(known->second.depth);
    put(std::move(copy), known->second.nodes);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool quoted = tag == "!";
    Place place = places_.ofScalar(mark, value, quoted);
    refuseTag(tag, place);
    if (quoted && !places_.isClosed(mark)) fail(place, "this text has no closing quote");
    Node node;
    if (!quoted && (value == "true" || value == "false")) {
      node = Node::boolean(value == "true", std::move(place));
    } else if (!quoted && isPlainNumber(value)) {
      node = Node::number(value, std::move(place));
    } else {
      node = Node::string(value, std::move(place));
    }
    Node::Data& data = Node::Data::underConstruction(node);
    data.quoted = quoted;
    data.text = value;  // booleans too: they may be keys
    add(std::move(node), anchor, 1);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    begin(Node::list({}, places_.at(mark)), tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    begin(Node::map({}, places_.at(mark)), tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::size_t nodes = 1;  // of the subtree so far
    int depth = 1;          // of the subtree so far
    bool hasKey = false;    // maps: the next node is a value
    std::string key;
    Place at;  // the last key, or the list itself: where an empty value is reported
  };
  struct Anchor {
    Node node;
    std::size_t nodes = 0;
    int depth = 0;
  };

  [[noreturn]] void fail(const Place& place, std::string message, std::string hint = {}) {
    problems_.error(place, "", "syntax", std::move(message), std::move(hint));
    throw Stop{};
  }
  [[noreturn]] void tooDeep(const Place& place) {
    fail(place, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }

  void refuseTag(const std::string& tag, const Place& place) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    fail(place, "tags (" + inQuotes(tag) + ") are not supported",
         "remove it; text stands in quotes");
  }

  void count(std::size_t nodes, const Place& place) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) {
      fail(place,
           "more than " + std::to_string(kMaxNodes) + " values in one file, aliases written out");
    }
  }

  void begin(Node node, const std::string& tag, YAML::anchor_t anchor) {
    refuseTag(tag, node.place());
    if (static_cast<int>(open_.size()) >= kMaxDepth) tooDeep(node.place());
    if (!open_.empty() && open_.back().node.isMap() && !open_.back().hasKey) {
      fail(node.place(), "expected a key, got " + found(node),
           "put text that begins with { or [ in quotes");
    }
    count(1, node.place());
    Node::Data::underConstruction(node).dialect = Dialect::Yaml;
    Open opened;
    opened.at = node.place();
    opened.node = std::move(node);
    opened.anchor = anchor;
    open_.push_back(std::move(opened));
  }

  void end() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    if (closed.anchor != YAML::NullAnchor) {
      anchors_[closed.anchor] = {closed.node, closed.nodes, closed.depth};
    }
    deepen(closed.depth);
    put(std::move(closed.node), closed.nodes);
  }

  void add(Node scalar, YAML::anchor_t anchor, std::size_t nodes) {
    count(nodes, scalar.place());
    Node::Data::underConstruction(scalar).dialect = Dialect::Yaml;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {scalar, nodes, 0};
    put(std::move(scalar), nodes);
  }

  void deepen(int depth) {
    if (!open_.empty()) open_.back().depth = std::max(open_.back().depth, depth + 1);
  }

  void put(Node node, std::size_t nodes) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.nodes += nodes;
    Node::Data& data = Node::Data::underConstruction(parent.node);
    if (parent.node.isList()) {
      data.items.push_back(std::move(node));
    } else if (parent.hasKey) {
      if (node.kind() == Node::Kind::Null) {
        Node::Data::underConstruction(node).place = parent.at;
      }
      data.entries.push_back({std::move(parent.key), parent.at, std::move(node)});
      parent.hasKey = false;
    } else {
      takeKey(parent, node);
    }
  }

  void takeKey(Open& map, const Node& node) {
    if (node.isMap() || node.isList() || node.kind() == Node::Kind::Null) {
      fail(node.place(), "expected a key, got " + found(node));
    }
    if (node.text() == "<<" && !node.isQuoted()) {
      fail(node.place(), "merge keys (<<) are not supported", "write the keys out");
    }
    map.key = node.text();
    map.at = node.place();
    map.hasKey = true;
  }

  Node copied(const Node& node) {
    auto data = std::make_shared<Node::Data>(Node::Data::of(node));
    for (Node& item : data->items) item = copied(item);
    for (Node::Entry& entry : data->entries) entry.value = copied(entry.value);
    return Node(std::move(data));
  }

  const Places& places_;
  Problems& problems_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchor> anchors_;
  std::size_t nodes_ = 0;
};

/// The first word on `line` that YAML gives a meaning nobody intended, or "".
std::string_view wordBeginning(std::string_view line, char mark) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins =
        i == 0 || std::string_view(" \t[{,").find(line[i - 1]) != std::string_view::npos;
    if (line[i] != mark || !begins) continue;
    std::string_view word = line.substr(i);
    word = word.substr(0, word.find_first_of(mark == '[' ? " \t,}" : " \t,]}"));
    if (word.ends_with(':')) word.remove_suffix(1);
    return word;
  }
  return {};
}

/// What a mistake in the syntax most likely is, by looking at the line: a whole message, or "".
std::string likelyMistake(std::string_view line) {
  const std::string_view star = wordBeginning(line, '*');
  if (star.find('.') != std::string_view::npos || star == "*" || star.starts_with("*:")) {
    return "put the name in quotes: \"" + std::string(star) + "\"";
  }
  const std::string_view bracket = wordBeginning(line, '[');
  const std::size_t colon = bracket.find("]:");
  if (colon != std::string_view::npos &&
      bracket.substr(1, colon - 1).find_first_not_of("0123456789abcdefABCDEF:.") ==
          std::string_view::npos) {
    return "put the address in quotes: \"" + std::string(bracket) + "\"";
  }
  for (const char mark : {'@', '`', '%'}) {
    const std::string_view word = wordBeginning(line, mark);
    if (!word.empty()) return "put the text in quotes: \"" + std::string(word) + "\"";
  }
  return {};
}

/// yaml-cpp's words in ours, with a remedy.
struct Saying {
  std::string_view theirs, message, hint;
};
constexpr Saying kSayings[] = {
    {"illegal map value", "a \": \" is not expected here",
     "put the text in quotes, or check the indentation of this line and the one above"},
    {"end of map not found", "expected a \"key: value\" at the same indentation as the lines above",
     ""},
    {"end of sequence not found", "expected a \"- \" at the same indentation as the lines above",
     ""},
    {"end of sequence flow not found", "a \"]\" is missing", ""},
    {"end of map flow not found", "a \"}\" is missing", ""},
    {"illegal EOF in scalar", "this text has no closing quote", ""},
    {"illegal block entry", "a \"- \" is not expected here", "check the indentation"},
    {"illegal map key", "a key is not expected here", "check the indentation"},
    {"illegal flow end", "this bracket was never opened", ""},
    {"the referenced anchor is not defined", "an alias (*name) without its anchor (&name)",
     "put text that begins with * in quotes"},
};

void reportSyntax(const YAML::ParserException& mistake, const Places& places, Problems& problems) {
  const Place place = places.at(mistake.mark);
  YAML::Mark above = mistake.mark;
  above.line = std::max(above.line - 1, 0);
  for (const YAML::Mark& mark : {mistake.mark, above}) {
    const std::string likely = likelyMistake(places.lineAt(mark));
    if (likely.empty()) continue;
    const std::size_t column = places.lineAt(mark).find(likely.substr(likely.find('"') + 1, 1));
    YAML::Mark word = mark;
    if (column != std::string_view::npos) word.column = static_cast<int>(column);
    problems.error(places.at(word), "", "syntax", likely);
    return;
  }
  for (const Saying& saying : kSayings) {
    if (mistake.msg.find(saying.theirs) == std::string::npos) continue;
    problems.error(place, "", "syntax", std::string(saying.message), std::string(saying.hint));
    return;
  }
  problems.error(place, "", "syntax", "not readable as YAML: " + mistake.msg);
}

/// YAML forbids tabs in the indentation, and yaml-cpp has no good word for it.
bool isFreeOfTabs(const std::shared_ptr<const Source>& source, Problems& problems) {
  std::string_view rest = source->text;
  for (int line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    const std::size_t first = text.find_first_not_of(" \t\r");
    const std::size_t tab = text.find('\t');
    if (first != std::string_view::npos && tab < first && text[first] != '#') {
      problems.error({source, line, static_cast<int>(tab) + 1, 1}, "", "syntax",
                     "a tab is used for indentation; YAML needs spaces");
      return false;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return true;
}

}  // namespace

// Called like parseJson(), which keeps the source.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
Node parseYaml(std::shared_ptr<const Source> source, Problems& problems) {
  if (!checkText(source, problems) || !isFreeOfTabs(source, problems)) return {};
  const Places places(source);
  try {
    Builder builder(places, problems);
    std::istringstream stream(source->text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    Node root = builder.root();
    if (!root || root.kind() == Node::Kind::Null) {
      problems.error({source, 1, 1, 1}, "", "syntax", "the file is empty");
      return {};
    }
    finishTree(root, problems);
    return root;
  } catch (const Stop&) {
  } catch (const YAML::ParserException& mistake) {
    reportSyntax(mistake, places, problems);
  }
  return {};
}

}  // namespace culvert::config

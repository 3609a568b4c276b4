#include "config/NodeWriters.h"

#include "config/Text.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace culvert::config {
namespace {

/// In double quotes, as both JSON and YAML read it.
std::string escapedText(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8Length(text), 1);
    const char32_t value = codePoint(text);
    switch (value) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x2028 || value == 0x2029) {
          out += "\\u";
          for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[value >> shift & 15];
        } else {
          out += text.substr(0, length);
        }
    }
    text.remove_prefix(length);
  }
  return out += '"';
}

/// The entries that are there, in order; `sorted`: by key.
std::vector<const Node::Entry*> present(const Node& node, bool sorted) {
  std::vector<const Node::Entry*> entries;
  for (const Node::Entry& entry : node.entries()) {
    if (entry.value) entries.push_back(&entry);
  }
  if (sorted) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto* a, const auto* b) { return a->key < b->key; });
  }
  return entries;
}

class JsonWriter {
 public:
  explicit JsonWriter(bool sorted) : sorted_(sorted) {}

  std::string text(const Node& node) {
    value(node, 0);
    return out_ + "\n";
  }

 private:
  void newLine(int depth) { out_ += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' '); }

  void value(const Node& node, int depth) {
    switch (node.kind()) {
      case Node::Kind::Absent:
      case Node::Kind::Null:
        out_ += "null";
        return;
      case Node::Kind::Bool:
        out_ += node.boolean() ? "true" : "false";
        return;
      case Node::Kind::Number:
        out_ += node.text();
        return;
      case Node::Kind::String:
        out_ += escapedText(node.text());
        return;
      case Node::Kind::List:
        return list(node, depth);
      case Node::Kind::Map:
        return map(node, depth);
    }
  }

  void list(const Node& node, int depth) {
    if (node.items().empty()) {
      out_ += "[]";
      return;
    }
    const char* between = "[";
    for (const Node& item : node.items()) {
      out_ += between;
      newLine(depth + 1);
      value(item, depth + 1);
      between = ",";
    }
    newLine(depth);
    out_ += ']';
  }

  void map(const Node& node, int depth) {
    const auto entries = present(node, sorted_);
    if (entries.empty()) {
      out_ += "{}";
      return;
    }
    const char* between = "{";
    for (const Node::Entry* entry : entries) {
      out_ += between;
      newLine(depth + 1);
      out_ += escapedText(entry->key) + ": ";
      value(entry->value, depth + 1);
      between = ",";
    }
    newLine(depth);
    out_ += '}';
  }

  bool sorted_;
  std::string out_;
};

/// Whether YAML reads `text` as this text when it stands without quotes, and people too: words that
/// other readers take for booleans, numbers or times get quotes.
bool isPlainText(std::string_view text) {
  if (text.empty() || text != trimmed(text)) return false;
  constexpr std::string_view kFirst = "-?:,[]{}#&*!|>'\"%@`=<~.+0123456789";
  constexpr std::string_view kSafe = "0123456789./:-";  // addresses, ports, host:port
  for (const std::string_view word :
       {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}) {
    if (equalsIgnoreCase(text, word)) return false;
  }
  bool hasDot = false, hasSlashOrColon = false, isNumberLike = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    if (c < 0x20 || c >= 0x7f) return false;
    if (c == '#' || c == '[' || c == ']' || c == '{' || c == '}' || c == ',' || c == '"' ||
        c == '\\') {
      return false;
    }
    if (c == ':' && (i + 1 == text.size() || text[i + 1] == ' ')) return false;
    if (kSafe.find(text[i]) == std::string_view::npos) isNumberLike = false;
    hasDot |= c == '.';
    hasSlashOrColon |= c == '/' || c == ':';
  }
  if (kFirst.find(text.front()) == std::string_view::npos) return true;
  const bool beginsWithDigit = text.front() >= '0' && text.front() <= '9';
  if (!beginsWithDigit) return false;
  // 192.0.2.1:80, 51820/udp, 192.0.2.0/24 are text; 80, 8.5 and 12:30 would be read otherwise
  // somewhere.
  if (isNumberLike) {
    return hasDot && (hasSlashOrColon || std::count(text.begin(), text.end(), '.') == 3);
  }
  const bool isExponent = text.find_first_not_of("0123456789.eE+-_") == std::string_view::npos;
  const bool isHex = text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b");
  return !isExponent && !isHex;
}

class YamlWriter {
 public:
  std::string text(const Node& node) {
    if (isBlock(node)) {
      block(node, 0);
    } else {
      out_ += inlineText(node) + "\n";
    }
    return out_;
  }

  static std::string inlineText(const Node& node) {
    switch (node.kind()) {
      case Node::Kind::Absent:
      case Node::Kind::Null:
        return "null";
      case Node::Kind::Bool:
        return node.boolean() ? "true" : "false";
      case Node::Kind::Number:
        return node.text();
      case Node::Kind::String:
        return isPlainText(node.text()) ? node.text() : escapedText(node.text());
      case Node::Kind::List:
        return "[]";
      case Node::Kind::Map:
        return "{}";
    }
    return "null";
  }

 private:
  static bool isBlock(const Node& node) {
    return (node.isList() && !node.items().empty()) ||
           (node.isMap() && !present(node, false).empty());
  }

  void indent(int depth) { out_ += std::string(static_cast<std::size_t>(depth) * 2, ' '); }

  void block(const Node& node, int depth, bool isIndented = false) {
    if (node.isList()) {
      for (const Node& item : node.items()) {
        if (!std::exchange(isIndented, false)) indent(depth);
        out_ += "- ";
        if (isBlock(item)) {
          block(item, depth + 1, true);
        } else {
          out_ += inlineText(item) + "\n";
        }
      }
      return;
    }
    for (const Node::Entry* entry : present(node, false)) {
      if (!std::exchange(isIndented, false)) indent(depth);
      out_ += inlineText(Node::string(entry->key)) + ":";
      if (isBlock(entry->value)) {
        out_ += "\n";
        block(entry->value, depth + 1);
      } else {
        out_ += " " + inlineText(entry->value) + "\n";
      }
    }
  }

  std::string out_;
};

}  // namespace

std::string writeJson(const Node& node) {
  return JsonWriter(false).text(node);
}
std::string writeCanonicalJson(const Node& node) {
  return JsonWriter(true).text(node);
}
std::string writeYaml(const Node& node) {
  return YamlWriter().text(node);
}
std::string yamlScalar(const Node& node) {
  return YamlWriter::inlineText(node);
}

}  // namespace culvert::config

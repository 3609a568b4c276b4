#include "base/Log.h"
#include "config/NodeData.h"
#include "config/NodeReaders.h"
#include "config/Text.h"

#include <algorithm>
#include <utility>

namespace culvert::config {
namespace {

struct Stop {};  // thrown once the mistake has been reported

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool isNumber(std::string_view text) {
  const auto digits = [&text] {
    std::size_t count = 0;
    while (count < text.size() && isDigit(text[count])) ++count;
    text.remove_prefix(count);
    return count;
  };
  const auto skip = [&text](std::string_view any) {
    const bool there = !text.empty() && any.find(text.front()) != std::string_view::npos;
    if (there) text.remove_prefix(1);
    return there;
  };
  skip("-");
  if (!skip("0") && digits() == 0) return false;
  if (skip(".") && digits() == 0) return false;
  if (skip("eE")) {
    skip("+-");
    if (digits() == 0) return false;
  }
  return text.empty();
}

void appendUtf8(std::string& out, char32_t value) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (value < 0x80) return put(value);
  if (value < 0x800) {
    put(0xc0 | value >> 6);
  } else {
    if (value < 0x10000) {
      put(0xe0 | value >> 12);
    } else {
      put(0xf0 | value >> 18);
      put(0x80 | (value >> 12 & 0x3f));
    }
    put(0x80 | (value >> 6 & 0x3f));
  }
  put(0x80 | (value & 0x3f));
}

class JsonReader {
 public:
  JsonReader(std::shared_ptr<const Source> source, Problems& problems)
      : source_(std::move(source)), rest_(source_->text), problems_(problems) {}

  Node document() {
    skipBlanks();
    if (rest_.empty()) fail(place(), "the file is empty", "an empty configuration is {}");
    Node root = value("", 1);
    skipBlanks();
    if (!rest_.empty()) {
      fail(tokenPlace(), "expected the end of the file, got " + token(),
           "V2Ray ignores what stands behind the closing brace; remove it");
    }
    return root;
  }

 private:
  Place place(int length = 1) const { return {source_, line_, column_, length}; }

  [[noreturn]] void fail(const Place& where, std::string message, std::string hint = {}) {
    problems_.error(where, path_, "syntax", std::move(message), std::move(hint));
    throw Stop{};
  }

  void advance(std::size_t bytes) {
    for (std::string_view gone = rest_.substr(0, bytes); !gone.empty();) {
      const std::size_t length = utf8Length(gone);
      if (gone.front() == '\n') {
        ++line_;
        column_ = 1;
      } else {
        ++column_;
      }
      gone.remove_prefix(length);
    }
    rest_.remove_prefix(bytes);
  }

  void skipBlanks() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        advance(1);
      } else if (c == '#' || rest_.starts_with("//")) {
        advance(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const Place opened = place(2);
        const std::size_t end = rest_.find("*/", 2);
        if (end == std::string_view::npos) fail(opened, "this comment does not end");
        advance(end + 2);
      } else {
        return;
      }
    }
  }

  /// What stands here, for messages: a word, a string's beginning, one character.
  std::string_view word() const {
    if (rest_.empty()) return {};
    std::size_t end = 0;
    while (end < rest_.size() && (isLetter(rest_[end]) || isDigit(rest_[end]) ||
                                  rest_[end] == '.' || rest_[end] == '+' || rest_[end] == '-')) {
      ++end;
    }
    return rest_.substr(0, end > 0 ? end : std::max<std::size_t>(utf8Length(rest_), 1));
  }
  std::string token() const {
    if (rest_.empty()) return "the end of the file";
    return rest_.front() == '"' ? "a string" : inQuotes(word().substr(0, 64));
  }
  Place tokenPlace() const {
    return place(static_cast<int>(std::max<std::size_t>(codePoints(word()), 1)));
  }

  Node value(const std::string& path, int depth) {
    path_ = path;
    if (++nodes_ > kMaxNodes) {
      fail(place(), "more than " + std::to_string(kMaxNodes) + " values in one file");
    }
    if (rest_.empty()) fail(place(), "expected a value, got the end of the file");
    const char c = rest_.front();
    if ((c == '{' || c == '[') && depth > kMaxDepth) {
      fail(place(), "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    if (c == '{') return object(path, depth);
    if (c == '[') return array(path, depth);
    if (c == '"') {
      Place where = place();
      std::string text = string(where);
      return Node::string(std::move(text), std::move(where));
    }
    const std::string_view text = word();
    const Place where = tokenPlace();
    Node scalar;
    if (text == "true" || text == "false") {
      scalar = Node::boolean(text == "true", where);
    } else if (text == "null") {
      scalar = Node::null(where);
    } else if (isNumber(text)) {
      scalar = Node::number(std::string(text), where);
    } else if (isDigit(c) || c == '-' || c == '+' || c == '.') {
      fail(where, "expected a number as JSON writes it, got " + token(),
           "decimal digits without leading zeros");
    } else {
      fail(where, "expected a value, got " + token(),
           c == '\'' || isLetter(c) ? "text stands in double quotes in JSON" : "");
    }
    advance(text.size());
    return scalar;
  }

  /// A comma goes on; `close` ends; a comma before `close` is only a warning.
  bool isNext(char close, const char* inside) {
    skipBlanks();
    if (!rest_.empty() && rest_.front() == close) {
      advance(1);
      return false;
    }
    if (rest_.empty() || rest_.front() != ',') {
      const std::string both = std::string("expected \",\" or \"") + close + "\"";
      if (rest_.empty()) fail(place(), both + ", got the end of the file", inside);
      fail(tokenPlace(), both + ", got " + token(), "is a comma missing before it?");
    }
    const Place comma = place();
    advance(1);
    skipBlanks();
    if (rest_.empty() || rest_.front() != close) return true;
    problems_.warning(comma, path_, "syntax",
                      std::string("a comma before the closing \"") + close +
                          "\": read as if it were not there, but V2Ray refuses it");
    advance(1);
    return false;
  }

  bool isEmptyUntil(char close) {
    skipBlanks();
    if (rest_.empty() || rest_.front() != close) return false;
    advance(1);
    return true;
  }

  Node array(const std::string& path, int depth) {
    const Place opened = place();
    advance(1);
    std::vector<Node> items;
    if (isEmptyUntil(']')) return Node::list({}, opened);
    do {
      skipBlanks();
      items.push_back(value(path + "[" + std::to_string(items.size()) + "]", depth + 1));
      path_ = path;
    } while (isNext(']', "a \"]\" is missing"));
    return Node::list(std::move(items), opened);
  }

  Node object(const std::string& path, int depth) {
    const Place opened = place();
    advance(1);
    std::vector<Node::Entry> entries;
    if (isEmptyUntil('}')) return Node::map({}, opened);
    do {
      skipBlanks();
      if (rest_.empty() || rest_.front() != '"') {
        fail(tokenPlace(), "expected a key in double quotes, got " + token());
      }
      Place keyPlace = place();
      std::string key = string(keyPlace);
      skipBlanks();
      if (rest_.empty() || rest_.front() != ':') {
        fail(tokenPlace(), "expected \":\" behind the key " + inQuotes(key) + ", got " + token());
      }
      advance(1);
      skipBlanks();
      Node held = value(pathOf(path, key), depth + 1);
      entries.push_back({std::move(key), std::move(keyPlace), std::move(held)});
      path_ = path;
    } while (isNext('}', "a \"}\" is missing"));
    return Node::map(std::move(entries), opened);
  }

  /// Reads a string and sets the length of `where`, its place.
  std::string string(Place& where) {
    std::string text;
    advance(1);
    while (true) {
      const std::size_t plain = std::min(rest_.find_first_of("\"\\\n\r\t"), rest_.size());
      text += rest_.substr(0, plain);
      advance(plain);
      if (rest_.empty() || rest_.front() == '\n' || rest_.front() == '\r') {
        fail(where, "this text has no closing quote on its line");
      }
      if (rest_.front() == '\t') fail(place(), "a tab inside a text is written \\t");
      if (rest_.front() == '"') break;
      escape(text);
    }
    advance(1);
    where.length = column_ - where.column;
    return text;
  }

  void escape(std::string& text) {
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    const Place where = place(2);
    const char letter = rest_.size() > 1 ? rest_[1] : ' ';
    if (letter == 'u') {
      char32_t value = unit(where);
      if (value >= 0xd800 && value < 0xdc00 && rest_.starts_with("\\u")) {
        const char32_t second = unit(where);
        if (second < 0xdc00 || second > 0xdfff) fail(where, "half of a surrogate pair");
        value = 0x10000 + ((value - 0xd800) << 10) + (second - 0xdc00);
      }
      if (value >= 0xd800 && value <= 0xdfff) fail(where, "half of a surrogate pair");
      if (value == 0) fail(where, "a NUL character is not allowed");
      return appendUtf8(text, value);
    }
    const std::size_t known = kLetters.find(letter);
    if (known == std::string_view::npos) {
      fail(where, "unknown escape " + inQuotes(rest_.substr(0, 2)), "a backslash is written \\\\");
    }
    text += kMeant[known];
    advance(2);
  }

  /// \uXXXX
  char32_t unit(const Place& where) {
    char32_t value = 0;
    const std::string_view digits = rest_.size() >= 6 ? rest_.substr(2, 4) : std::string_view();
    for (const char c : digits) {
      const std::size_t digit = std::string_view("0123456789abcdef").find(lowerCase({&c, 1}));
      if (digit == std::string_view::npos)
        fail(where, "expected four hexadecimal digits behind \\u");
      value = value << 4 | static_cast<char32_t>(digit);
    }
    if (digits.empty()) fail(where, "expected four hexadecimal digits behind \\u");
    advance(6);
    return value;
  }

  std::shared_ptr<const Source> source_;
  std::string_view rest_;
  int line_ = 1, column_ = 1;
  std::size_t nodes_ = 0;
  std::string path_;  // of the value being read
  Problems& problems_;
};

}  // namespace

Node parseJson(std::shared_ptr<const Source> source, Problems& problems) {
  if (!checkText(source, problems)) return {};
  try {
    Node root = JsonReader(std::move(source), problems).document();
    finishTree(root, problems);
    return root;
  } catch (const Stop&) {
    return {};
  }
}

bool checkText(const std::shared_ptr<const Source>& source, Problems& problems) {
  const auto fail = [&](int line, int column, std::string message, std::string hint = {}) {
    problems.error({source, line, column, 1}, "", "syntax", std::move(message), std::move(hint));
    return false;
  };
  std::string_view rest = source->text;
  if (rest.size() > kMaxFileBytes) return fail(0, 0, "the file is larger than 1 MiB");
  if (rest.starts_with("\xff\xfe") || rest.starts_with("\xfe\xff")) {
    return fail(1, 1, "the file is UTF-16", "save it as UTF-8");
  }
  int line = 1, column = 1;
  while (!rest.empty()) {
    const std::size_t length = utf8Length(rest);
    if (length == 0) return fail(line, column, "not UTF-8", "save the file as UTF-8");
    const char32_t c = codePoint(rest);
    const bool isControl = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    if (isControl) return fail(line, column, "a control character is not allowed here");
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
    rest.remove_prefix(length);
  }
  return true;
}

}  // namespace culvert::config

#include "routing/Words.h"

#include <string_view>

namespace culvert::routing {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<Word> readWords(const config::Node& node, config::Problems& problems) {
  std::vector<Word> words;
  const auto add = [&](std::string_view text, const config::Node& at) {
    if (const std::string_view word = trimmed(text); !word.empty())
      words.push_back({std::string(word), at});
  };
  const auto complain = [&](const config::Node& at) {
    problems.error(at.place(), at.path(), "bad-type", "expected a string or a list of strings");
  };

  switch (node.kind()) {
    case config::Node::Kind::Absent:
    case config::Node::Kind::Null:
      break;
    case config::Node::Kind::String: {
      std::string_view rest = node.text();
      for (std::size_t comma; (comma = rest.find(',')) != std::string_view::npos;
           rest.remove_prefix(comma + 1)) {
        add(rest.substr(0, comma), node);
      }
      add(rest, node);
      break;
    }
    case config::Node::Kind::List:
      for (const config::Node& item : node.items()) {
        if (item.isString()) {
          add(item.text(), item);
        } else {
          complain(item);
        }
      }
      break;
    default:
      complain(node);
  }
  return words;
}

}  // namespace culvert::routing

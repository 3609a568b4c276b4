// What the tests of the configuration share: texts in, messages out.
#pragma once

#include "config/NodeReaders.h"
#include "config/Problems.h"

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::config {

inline std::shared_ptr<const Source> sourceOf(std::string text, std::string name = "f") {
  return makeSource(std::move(name), std::move(text));
}

/// The first line of each message, sorted by position, without the file's name: "2:1: error:
/// brigde: ...".
inline std::string heads(const Problems& problems) {
  std::istringstream lines(problems.text());
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    const bool isHead = line.find(": error: ") != std::string::npos ||
                        line.find(": warning: ") != std::string::npos ||
                        line.find(": note: ") != std::string::npos;
    if (!isHead || line.starts_with(' ')) continue;
    all += line.substr(line.find(':') + 1) + "\n";
  }
  return all;
}

/// The lines, each with its end.
inline std::string lines(std::initializer_list<std::string_view> each) {
  std::string all;
  for (const std::string_view line : each) all += std::string(line) + "\n";
  return all;
}

inline std::string dataFile(const std::string& name) {
  std::ifstream file(std::string(CULVERT_TESTS_DIR) + "/data/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A case of a table: a name for the test, a text, the messages it must give.
struct MessageCase {
  const char* name;
  const char* text;
  std::string expected;
};
inline std::string caseName(const MessageCase& one) {
  return one.name;
}

}  // namespace culvert::config

#include "bench/load/Http.h"

#include <algorithm>
#include <charconv>
#include <strings.h>

namespace culvert::load::http1 {
namespace {

std::string answer(std::string_view connection) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
         std::to_string(kBodyBytes) + "\r\nConnection: " + std::string(connection) +
         std::string(kHeadEnd) + std::string(kBodyBytes, 'x');
}

// The value of a field whose name is given with its colon, without the blanks before it.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    auto line = head.substr(0, end);
    if (line.size() >= name.size() && ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      line.remove_prefix(name.size());
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      return line;
    }
    head.remove_prefix(end == head.npos ? head.size() : end + 2);
  }
  return std::nullopt;
}

}  // namespace

const std::string& keptAnswer() {
  static const auto text = answer("keep-alive");
  return text;
}

const std::string& closingAnswer() {
  static const auto text = answer("close");
  return text;
}

bool wantsClose(std::string_view head) {
  const auto connection = field(head, "connection:");
  return connection && connection->size() == 5 &&
         ::strncasecmp(connection->data(), "close", 5) == 0;
}

std::optional<std::size_t> bodyBytes(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 200")) return std::nullopt;
  const auto length = field(head, "content-length:");
  std::size_t bytes = 0;
  if (!length ||
      std::from_chars(length->data(), length->data() + length->size(), bytes).ec != std::errc()) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace culvert::load::http1

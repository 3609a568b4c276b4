#include "routing/PortMatcher.h"

#include "base/Log.h"
#include "routing/Words.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace culvert::routing {
namespace {

std::optional<std::uint16_t> parsePort(std::string_view text) {
  text = trimmed(text);
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return port;
}

}  // namespace

PortMatcher::PortMatcher(const config::Node& node, config::Problems& problems) {
  using Kind = config::Node::Kind;
  const auto addAll = [&](const config::Node& value) {
    std::string_view rest = value.text();
    for (std::size_t comma; (comma = rest.find(',')) != std::string_view::npos;
         rest.remove_prefix(comma + 1)) {
      add(rest.substr(0, comma), value, problems);
    }
    add(rest, value, problems);
  };
  if (node.kind() == Kind::Number || node.kind() == Kind::String) {
    addAll(node);
  } else if (node.isList() && node.dialect() == config::Dialect::Yaml) {
    for (const config::Node& item : node.items()) addAll(item);
  } else if (node) {
    problems.error(
        node.place(), node.path(), "bad-type",
        "expected a port, or ports and ranges in one string such as \"53,443,1000-2000\"");
  }
  merge();
}

void PortMatcher::add(std::string_view text, const config::Node& node, config::Problems& problems) {
  const std::size_t dash = text.find('-');
  const auto from = parsePort(text.substr(0, dash));
  const auto to = dash == std::string_view::npos ? from : parsePort(text.substr(dash + 1));
  if (!from || !to) {
    problems.error(node.place(), node.path(), "bad-form",
                   "expected a port (1 to 65535) or a range such as 1000-2000, got " +
                       culvert::inQuotes(trimmed(text)));
  } else if (*to == 0) {
    problems.error(node.place(), node.path(), "bad-form",
                   "port 0 never matches; expected 1 to 65535");
  } else if (*from > *to) {
    problems.error(
        node.place(), node.path(), "bad-form",
        "the range " + culvert::inQuotes(trimmed(text)) + " is reversed and would never match");
  } else {
    ranges_.push_back({*from, *to});
  }
}

void PortMatcher::merge() {
  std::sort(ranges_.begin(), ranges_.end(),
            [](const auto& a, const auto& b) { return a.from < b.from; });
  std::vector<config::PortRange> merged;
  for (const config::PortRange& range : ranges_) {
    if (!merged.empty() && range.from <= merged.back().to + 1) {
      merged.back().to = std::max(merged.back().to, range.to);
    } else {
      merged.push_back(range);
    }
  }
  ranges_ = std::move(merged);
}

bool PortMatcher::matches(std::uint16_t port) const noexcept {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [port](const auto& range) { return range.from <= port && port <= range.to; });
}

bool PortMatcher::covers(const PortMatcher& other) const noexcept {
  return std::all_of(other.ranges_.begin(), other.ranges_.end(), [this](const auto& theirs) {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& ours) {
      return ours.from <= theirs.from && theirs.to <= ours.to;
    });
  });
}

}  // namespace culvert::routing

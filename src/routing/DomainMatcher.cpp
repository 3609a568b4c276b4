#include "routing/DomainMatcher.h"

#include "base/Log.h"
#include "routing/Idna.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

namespace culvert::routing {
namespace {

constexpr std::array<std::pair<std::string_view, DomainMatcher::Type>, 5> kForms{{
    {"keyword:", DomainMatcher::Type::Keyword},
    {"regexp:", DomainMatcher::Type::Regexp},
    {"domain:", DomainMatcher::Type::Domain},
    {"full:", DomainMatcher::Type::Full},
    {"dotless:", DomainMatcher::Type::Dotless},
}};

}  // namespace

DomainMatcher::DomainMatcher() = default;
DomainMatcher::DomainMatcher(DomainMatcher&&) noexcept = default;
DomainMatcher& DomainMatcher::operator=(DomainMatcher&&) noexcept = default;
DomainMatcher::~DomainMatcher() = default;

std::optional<std::string> DomainMatcher::add(Type type, std::string_view text) {
  if (text.empty() && type != Type::Dotless) return "the pattern has no text";
  switch (type) {
    case Type::Keyword:
      keywords_.push_back(comparableName(text));
      break;
    case Type::Domain:
      domains_.insert(comparableName(text));
      break;
    case Type::Full:
      full_.insert(comparableName(text));
      break;
    case Type::Dotless:
      if (text.find('.') != std::string_view::npos) {
        return "a dot in " + culvert::inQuotes(text) + ": a name without dots cannot contain it";
      }
      dotless_.push_back(comparableName(text));
      break;
    case Type::Regexp: {
      re2::RE2::Options options;
      options.set_log_errors(false);
      auto expression =
          std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
      if (!expression->ok()) return "not a regular expression: " + escaped(expression->error());
      expressions_.push_back(std::move(expression));
      break;
    }
  }
  return std::nullopt;
}

std::optional<std::string> DomainMatcher::add(std::string_view pattern) {
  for (const auto& [prefix, type] : kForms) {
    if (pattern.starts_with(prefix)) return add(type, pattern.substr(prefix.size()));
  }
  if (pattern.find(':') != std::string_view::npos) {
    return "expected full:, domain:, keyword:, regexp:, dotless:, geosite: or ext: before the "
           "colon, got " +
           culvert::inQuotes(pattern);
  }
  return add(Type::Keyword, pattern);
}

bool DomainMatcher::matches(std::string_view name) const {
  if (full_.contains(name)) return true;
  if (!domains_.empty()) {
    for (std::string_view rest = name;; rest.remove_prefix(rest.find('.') + 1)) {
      if (domains_.contains(rest)) return true;
      if (rest.find('.') == std::string_view::npos) break;
    }
  }
  const auto found = [name](const std::string& text) {
    return name.find(text) != std::string_view::npos;
  };
  if (std::any_of(keywords_.begin(), keywords_.end(), found)) return true;
  if (name.find('.') == std::string_view::npos &&
      std::any_of(dotless_.begin(), dotless_.end(), found)) {
    return true;
  }
  const re2::StringPiece text(name.data(), name.size());
  return std::any_of(expressions_.begin(), expressions_.end(), [&](const auto& expression) {
    return re2::RE2::PartialMatch(text, *expression);
  });
}

}  // namespace culvert::routing

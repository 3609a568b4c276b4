// Domain patterns of a rule.
//
//   text, keyword:text   the name contains it            domain:a.b   a.b and every name below it
//   full:a.b             exactly this name               regexp:RE    RE2, found anywhere in the
//   name dotless:, dotless:s  no dot in the name (and s in it)
//
// geosite: and ext: lists are read by Rule, which adds their entries here.  Both sides are compared
// in the form of comparableName().  Source: V2Ray's routing page; v2ray-core app/router.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace re2 {
class RE2;
}

namespace culvert::routing {

class DomainMatcher {
 public:
  DomainMatcher();
  DomainMatcher(DomainMatcher&&) noexcept;
  DomainMatcher& operator=(DomainMatcher&&) noexcept;
  ~DomainMatcher();

  enum class Type { Keyword, Regexp, Domain, Full, Dotless };
  /// Adds what `text` means as a pattern of that type; a text tells what is wrong with it.
  std::optional<std::string> add(Type type, std::string_view text);
  /// Adds a pattern in any form of the table above; an unknown "word:" is an error.
  std::optional<std::string> add(std::string_view pattern);

  /// `name` is in the form of comparableName().
  [[nodiscard]] bool matches(std::string_view name) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using Names = std::unordered_set<std::string, Hash, std::equal_to<>>;

  Names full_, domains_;
  std::vector<std::string> keywords_, dotless_;
  std::vector<std::unique_ptr<re2::RE2>> expressions_;
};

}  // namespace culvert::routing

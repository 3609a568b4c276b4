#include "config/Suggest.h"

#include "config/Text.h"

#include <algorithm>
#include <array>
#include <limits>

namespace culvert::config {
namespace {

/// Insertions, deletions, changes and swaps of neighbours that turn `a` into `b` (optimal string
/// alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

constexpr std::size_t kLongestWord = 64;  // nobody means a key by more

struct Foreign {
  std::string_view typed;  // as bareWord() gives it
  std::string_view hint;
};
constexpr std::string_view kServer = "that is bridge.server: host:port here";
constexpr std::string_view kId = "that is id here";
constexpr std::string_view kLists = "that is bridge.services (NAS) or portal.publish (VPS) here";
constexpr std::string_view kTarget = "that is bridge.services: {name: host:port} here";
constexpr std::string_view kListen = "that is portal.publish[].listen or portal.listen here";
constexpr std::string_view kHosts = "that is portal.publish[].hosts here";
constexpr std::string_view kAdvanced =
    "V2Ray's sections stand under advanced: here (or save the file as .json)";
constexpr auto kForeign = std::to_array<Foreign>({
    {"serveraddr", kServer},
    {"remoteaddr", kServer},
    {"connecturl", kServer},
    {"serverport", kServer},
    {"token", kId},
    {"secret", kId},
    {"uuid", kId},
    {"authtoken", kId},
    {"proxies", kLists},
    {"tunnels", kLists},
    {"endpoints", kLists},
    {"ingress", kLists},
    {"localip", kTarget},
    {"localport", kTarget},
    {"localaddr", kTarget},
    {"upstream", kTarget},
    {"remoteport", kListen},
    {"bindaddr", kListen},
    {"bindport", kListen},
    {"customdomains", kHosts},
    {"hostname", kHosts},
    {"inbounds", kAdvanced},
    {"outbounds", kAdvanced},
    {"routing", kAdvanced},
    {"reverse", kAdvanced},
    {"alterid", "that is alter_id here"},
});

}  // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates) {
  const std::string bare = bareWord(typed);
  if (bare.empty() || bare.size() > kLongestWord) return {};
  const std::size_t allowed = std::max<std::size_t>(1, bare.size() / 3);
  std::size_t best = std::numeric_limits<std::size_t>::max();
  const std::string* found = nullptr;
  bool isUnique = true;
  for (const std::string& candidate : candidates) {
    const std::size_t steps = distance(bare, bareWord(candidate));
    if (steps > best) continue;
    isUnique = steps < best || (found && *found == candidate);
    best = steps;
    found = &candidate;
  }
  const bool isNear = best <= allowed && best < bare.size();
  return found && isNear && isUnique ? *found : std::string();
}

std::string didYouMean(std::string_view typed, const std::vector<std::string>& candidates) {
  const std::string candidate = nearest(typed, candidates);
  return candidate.empty() ? candidate : "; did you mean \"" + candidate + "\"?";
}

std::string belongsUnder(std::string_view typed, const std::vector<KeyHome>& homes) {
  const auto home = std::find_if(homes.begin(), homes.end(),
                                 [typed](const KeyHome& known) { return known.key == typed; });
  if (home == homes.end()) return {};
  return "\"" + home->key + "\" belongs under " + home->home + "; check the indentation";
}

std::string foreignKey(std::string_view typed, bool besideServer) {
  const std::string bare = bareWord(typed);
  if (bare == "key" && besideServer) return std::string(kId);
  const auto known = std::find_if(kForeign.begin(), kForeign.end(),
                                  [&bare](const Foreign& word) { return word.typed == bare; });
  return known == kForeign.end() ? std::string() : std::string(known->hint);
}

}  // namespace culvert::config

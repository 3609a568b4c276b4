#include "reverse/Advice.h"

#include "base/Log.h"

#include <algorithm>
#include <chrono>

namespace culvert::reverse {
namespace {

constexpr std::string_view kInternalDomain = ".bridge.culvert.internal";
constexpr std::string_view kDefaultName = "default";

/// The name in `<name>.bridge.culvert.internal`, or nothing.
std::string nameIn(std::string_view domain) {
  if (!domain.ends_with(kInternalDomain)) return {};
  return std::string(domain.substr(0, domain.size() - kInternalDomain.size()));
}

}  // namespace

std::string adviseOnRegistration(std::string_view user, std::string_view asked,
                                 const std::vector<std::string>& domains) {
  const std::string name = nameIn(asked);
  if (name.empty()) return {};
  const bool named = std::any_of(domains.begin(), domains.end(), [](const std::string& domain) {
    const std::string its = nameIn(domain);
    return !its.empty() && its != kDefaultName;
  });
  if (named && !user.empty() && name != user) {
    return "id of " + inQuotes(user) + " asked to register " + inQuotes(asked) +
           ": set bridge.name: " + escaped(user, 256) + " on the NAS";
  }
  if (!named && name != kDefaultName) {
    return "a bridge asked for " + inQuotes(asked) +
           " but this portal has no named bridges: remove bridge.name, or list it under "
           "portal.bridges";
  }
  return {};
}

bool OncePerMinute::admit(const std::string& text, Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (said_.size() >= kMost) {
    std::erase_if(said_,
                  [now](const auto& one) { return now - one.second >= std::chrono::minutes(1); });
    if (said_.size() >= kMost) return false;
  }
  const auto [found, isNew] = said_.try_emplace(text, now);
  if (isNew) return true;
  if (now - found->second < std::chrono::minutes(1)) return false;
  found->second = now;
  return true;
}

}  // namespace culvert::reverse

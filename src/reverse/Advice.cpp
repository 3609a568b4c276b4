#include "reverse/Advice.h"

#include "base/Log.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace culvert::reverse {
namespace {

constexpr std::string_view kInternalDomain = ".bridge.culvert.internal";
constexpr std::string_view kDefaultName = "default";

/// Steps from one word to the other: a character more, less or different, or two exchanged.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string unknownService(const std::string& name, const std::vector<Service>& services) {
  std::string offered;
  const Service* nearest = nullptr;
  std::size_t least = SIZE_MAX;
  for (const Service& service : services) {
    offered += (offered.empty() ? "" : ", ") + service.name;
    const std::size_t steps = distance(name, service.name);
    if (steps < least) {
      least = steps;
      nearest = &service;
    }
  }
  std::string text =
      "portal asked for service " + inQuotes(name) +
      " which is not offered here (offered: " + (offered.empty() ? "none" : offered) + ")";
  if (nearest && least <= std::max<std::size_t>(1, name.size() / 3)) {
    text += "; did the portal mean " + inQuotes(nearest->name) + "?";
  }
  return text;
}

/// The name in `<name>.bridge.culvert.internal`, or nothing.
std::string nameIn(std::string_view domain) {
  if (!domain.ends_with(kInternalDomain)) return {};
  return std::string(domain.substr(0, domain.size() - kInternalDomain.size()));
}

}  // namespace

std::string adviseOnService(const Destination& target, std::string_view domain,
                            const std::vector<Service>& services) {
  if (!target.isDomain()) return {};
  const std::string asked = normalizedDomain(target.domain()),
                    suffix = "." + normalizedDomain(domain);
  if (!std::string_view(asked).ends_with(suffix)) return {};
  const std::string name = asked.substr(0, asked.size() - suffix.size());
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const Service& service) { return service.name == name; });
  if (found == services.end()) return unknownService(name, services);
  const bool isUdp = target.network == Network::Udp;
  if (isUdp ? !found->udp : !found->tcp) {
    const std::string other = isUdp ? "tcp" : "udp", wanted = isUdp ? "udp" : "tcp";
    return "service " + inQuotes(name) + " is " + other + " here but was asked for over " + wanted +
           "; write " + wanted + "://" + found->address;
  }
  if (found->firstPort != 0 && (target.port < found->firstPort || target.port > found->lastPort)) {
    return "service " + inQuotes(name) + " has ports " + std::to_string(found->firstPort) + "-" +
           std::to_string(found->lastPort) + ", asked for " + std::to_string(target.port) +
           "; set to_port: " + std::to_string(found->firstPort) + " at the portal";
  }
  return {};
}

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

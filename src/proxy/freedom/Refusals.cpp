#include "proxy/freedom/Refusals.h"

#include "base/Log.h"

namespace culvert::freedom {
namespace {

constexpr Log log{"freedom"};

}  // namespace

std::string Refusals::lineFor(const proxy::Session& session, const Destination& dialled,
                              Refusal why, bool listed, Clock::time_point now) {
  const std::string what = toString(dialled);
  std::uint64_t silent = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (seen_.size() >= kMaxDestinations) {
      std::erase_if(seen_, [&](const auto& entry) { return now - entry.second.told >= kEvery; });
    }
    const auto found = seen_.find(what);
    if (found == seen_.end()) {
      if (seen_.size() >= kMaxDestinations) return {};
      seen_[what] = {now, 0};
    } else if (now - found->second.told < kEvery) {
      ++found->second.since;
      return {};
    } else {
      silent = found->second.since;
      found->second = {now, 0};
    }
  }

  std::string line = "refused " + what;
  if (session.inbound) line += ", asked for by " + inQuotes(session.inbound->tag);
  line += ": it ";
  line += toString(why);
  if (why == Refusal::NotListed) {
    line += " of outbound " + inQuotes(tag_) + "; to allow it add \"" + entryFor(dialled) +
            "\" to its settings.reach";
  } else if (why == Refusal::Special || why == Refusal::OwnListener) {
    line += "; to allow it " + std::string(listed ? "add \"" : "write settings.reach with \"") +
            entryFor(dialled) + "\" in outbound " + inQuotes(tag_);
  } else if (why == Refusal::Private) {
    line += ", and no rule names its address";
  }
  if (silent > 0) line += " (" + std::to_string(silent) + " more in the last minute)";
  return line;
}

void Refusals::note(const proxy::Session& session, const Destination& dialled, Refusal why,
                    bool listed, Clock::time_point now) {
  if (const std::string line = lineFor(session, dialled, why, listed, now); !line.empty())
    log.warning(line);
}

}  // namespace culvert::freedom

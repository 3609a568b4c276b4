#include "net/Strangers.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert {

struct Strangers::Entry {
  Guest* guest = nullptr;  ///< cleared on its loop's thread when the ticket goes
  Loop* loop = nullptr;
  std::array<std::string, 2> prefixes;  ///< narrow, wide
  bool leaving = false;
};

namespace {

/// The first `bytes` of the address: what counts as one source.
std::string prefixOf(const Ip& ip, std::size_t bytes) {
  return std::string(ip.isV4() ? "4" : "6") + std::to_string(bytes) + ':' +
         std::string(asText(ip.bytes().first(bytes)));
}

}  // namespace

Strangers& Strangers::ofProcess() {
  static Strangers table;
  return table;
}

Strangers::TicketPtr Strangers::admit(Guest& guest, Loop& loop, const Ip& source) {
  auto entry = std::make_shared<Entry>();
  entry->guest = &guest;
  entry->loop = &loop;
  entry->prefixes = {prefixOf(source, source.isV4() ? 4 : 8),
                     prefixOf(source, source.isV4() ? 3 : 6)};
  std::shared_ptr<Entry> victim;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++count_;
    for (const std::string& prefix : entry->prefixes) {
      Prefix& counted = prefixes_[prefix];
      ++counted.count;
      counted.oldestFirst.push_back(entry);
      if (!source.isLoopback() && counted.count > kMaxPerPrefix && !victim)
        victim = oldestOf(prefix);
    }
    if (count_ > kMaxAll && !victim) {
      const auto busiest = std::max_element(
          prefixes_.begin(), prefixes_.end(),
          [](const auto& a, const auto& b) { return a.second.count < b.second.count; });
      victim = oldestOf(busiest->first);
    }
  }
  if (victim) {
    victim->loop->post([victim] {
      if (victim->guest) victim->guest->leave();
    });
  }
  return std::make_unique<Ticket>(*this, std::move(entry));
}

std::shared_ptr<Strangers::Entry> Strangers::oldestOf(const std::string& prefix) {
  for (const std::shared_ptr<Entry>& entry : prefixes_[prefix].oldestFirst) {
    if (entry->leaving) continue;
    entry->leaving = true;
    return entry;
  }
  return nullptr;
}

void Strangers::remove(const std::shared_ptr<Entry>& entry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  --count_;
  for (const std::string& prefix : entry->prefixes) {
    const auto found = prefixes_.find(prefix);
    found->second.oldestFirst.remove(entry);
    if (--found->second.count == 0) prefixes_.erase(found);
  }
}

std::size_t Strangers::count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return count_;
}

Strangers::Ticket::Ticket(Strangers& table, std::shared_ptr<Entry> entry)
    : table_(table), entry_(std::move(entry)) {}

Strangers::Ticket::~Ticket() {
  entry_->guest = nullptr;
  table_.remove(entry_);
}

}  // namespace culvert

#include "reverse/BridgeKeeper.h"

#include "base/Errc.h"
#include "base/Log.h"
#include "reverse/BridgeLink.h"

#include <algorithm>
#include <array>
#include <utility>

namespace culvert::reverse {
namespace {

constexpr Log log{"reverse"};
using namespace std::chrono_literals;
constexpr Clock::duration kFailureEvery = 60s;  // one warning a minute while nothing changes
constexpr std::chrono::seconds kClockStep{5};

template <class Work>
void onItsLoop(const BridgeTunnelPtr& tunnel, Work work) {
  tunnel->loop.post([tunnel, work] {
    if (tunnel->link) work(*tunnel->link);
  });
}

std::string inTime(Clock::duration left) {
  if (left <= 0ms) return "dialling again";
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
  std::string text = "next dial in " + std::to_string((ms + 50) / 1000) + '.' +
                     std::to_string((ms + 50) / 100 % 10);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + " s";
}

}  // namespace

BridgeKeeper::BridgeKeeper(std::shared_ptr<BridgeCore> core)
    : core_(std::move(core)), loop_(core_->home()) {
  core_->keeper = this;
}

BridgeKeeper::~BridgeKeeper() {
  if (core_->keeper == this) core_->keeper = nullptr;
}

void BridgeKeeper::start() {
  for (std::size_t i = 0; i < core_->settings.restLinks; ++i) addSlot();
  watch();
}

void BridgeKeeper::drain() {
  draining_ = true;
  for (const auto& slot : slots_) {
    cancelDials(*slot);
    if (slot->link) former_.push_back({slot->link, false});
  }
  slots_.clear();
  for (const Former& former : former_)
    onItsLoop(former.tunnel, [](BridgeLink& link) { link.drain(); });
  finishIfDone();
}

void BridgeKeeper::stop(std::error_code why) {
  if (std::exchange(stopped_, true)) return;
  for (const auto& slot : slots_) {
    cancelDials(*slot);
    if (slot->link) former_.push_back({slot->link, false});
  }
  slots_.clear();
  for (const Former& former : former_)
    onItsLoop(former.tunnel, [why](BridgeLink& link) { link.stop(why); });
  core_->keeper = nullptr;
  loop_.retire(*this);
}

void BridgeKeeper::onEvent(const BridgeTunnelPtr& tunnel, const BridgeEvent& event) {
  switch (event.kind) {
    case BridgeEvent::Kind::Up:
      onUp(tunnel);
      break;
    case BridgeEvent::Kind::Suspect:
      onSuspect(tunnel);
      break;
    case BridgeEvent::Kind::Recovered:
      onRecovered(tunnel);
      break;
    case BridgeEvent::Kind::Draining:
      onDraining(tunnel);
      break;
    case BridgeEvent::Kind::Lost:
      onLost(tunnel, event);
      break;
    case BridgeEvent::Kind::Load:
      tunnel->loadReported = false;
      break;
  }
  if (stopped_) return;
  check();
  publish();
  watch();
}

void BridgeKeeper::publish() {
  core_->up = static_cast<std::size_t>(std::count_if(
      slots_.begin(), slots_.end(), [](const auto& slot) { return slot->link != nullptr; }));
}

// Slots and dials.

BridgeKeeper::Slot* BridgeKeeper::slotOf(const BridgeTunnelPtr& tunnel) {
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [&](const auto& slot) { return slot->link == tunnel; });
  return found == slots_.end() ? nullptr : found->get();
}

BridgeKeeper::Slot* BridgeKeeper::dialerOf(const BridgeTunnelPtr& tunnel) {
  for (const auto& slot : slots_) {
    if (std::find(slot->dials.begin(), slot->dials.end(), tunnel) != slot->dials.end())
      return slot.get();
  }
  return nullptr;
}

void BridgeKeeper::addSlot() {
  slots_.push_back(std::make_unique<Slot>(loop_.now().mono));
  dial(*slots_.back());
}

void BridgeKeeper::dial(Slot& slot) {
  const Clock::time_point now = loop_.now().mono;
  slot.pause = slot.pauses.dialing(now, chance());
  slot.lastDial = now;
  slot.next = now + std::max<Clock::duration>(slot.pause, kOverlap);
  if (slot.dials.size() >= kMostDials) return;
  Loop& loop = *core_->loops[nextLoop_++ % core_->loops.size()];
  const auto tunnel = std::make_shared<BridgeTunnel>(loop, nextLink_++);
  slot.dials.push_back(tunnel);
  loop.post([core = core_, tunnel, &loop] {
    if (tunnel->cancelled) return;
    loop.adopt(std::make_unique<BridgeLink>(core, tunnel)).start();
  });
}

void BridgeKeeper::cancel(const BridgeTunnelPtr& tunnel) {
  tunnel->cancelled = true;
  onItsLoop(tunnel, [](BridgeLink& link) { link.stop(Errc::Stopped); });
}

void BridgeKeeper::cancelDials(Slot& slot) {
  for (const BridgeTunnelPtr& tunnel : slot.dials) cancel(tunnel);
  slot.dials.clear();
}

void BridgeKeeper::putIn(Slot& slot, const BridgeTunnelPtr& tunnel) {
  std::erase(slot.dials, tunnel);
  cancelDials(slot);
  slot.link = tunnel;
  for (const Former& former : former_) former.tunnel->replaced = true;
}

// What links tell.

void BridgeKeeper::onUp(const BridgeTunnelPtr& tunnel) {
  Slot* const slot = dialerOf(tunnel);
  if (!slot || slot->link) return cancel(tunnel);
  putIn(*slot, tunnel);
  slot->born = loop_.now().mono;
  failureTold_.reset();
  clockStep_ = {};
  log.info(nameOf(*tunnel), " is up");
}

void BridgeKeeper::onSuspect(const BridgeTunnelPtr& tunnel) {
  Slot* const slot = slotOf(tunnel);
  if (!slot) return;
  log.warning(nameOf(*tunnel), " does not answer; dialling another");
  replace(*slot, true);
}

void BridgeKeeper::onRecovered(const BridgeTunnelPtr& tunnel) {
  const auto found = std::find_if(former_.begin(), former_.end(),
                                  [&](const Former& former) { return former.tunnel == tunnel; });
  if (found == former_.end() || !found->suspect) return;
  former_.erase(found);
  log.info(nameOf(*tunnel), " answers again");
  const auto waiting =
      std::find_if(slots_.begin(), slots_.end(), [](const auto& slot) { return !slot->link; });
  if (waiting != slots_.end()) {
    putIn(**waiting, tunnel);
    return;
  }
  // Its place is taken: one more for now.
  slots_.push_back(std::make_unique<Slot>(loop_.now().mono));
  slots_.back()->link = tunnel;
  slots_.back()->born = loop_.now().mono;
}

void BridgeKeeper::onDraining(const BridgeTunnelPtr& tunnel) {
  if (Slot* const slot = slotOf(tunnel)) replace(*slot, false);
}

/// The slot's link goes on beside it; another one is dialled at once.
void BridgeKeeper::replace(Slot& slot, bool suspect) {
  former_.push_back({std::exchange(slot.link, nullptr), suspect});
  slot.pauses = RedialPauses(loop_.now().mono);
  dial(slot);
}

void BridgeKeeper::onLost(const BridgeTunnelPtr& tunnel, const BridgeEvent& event) {
  const Clock::time_point now = loop_.now().mono;
  const std::string why = event.why ? event.why.message() : std::string("closed by the portal");
  if (Slot* const slot = slotOf(tunnel)) {
    slot->link = nullptr;
    slot->next = now + slot->pauses.lost(slot->born, now);
    log.warning(nameOf(*tunnel), " lost: ", why, "; ", inTime(slot->next - now));
    if (slot->next <= now) dial(*slot);
    return;
  }
  if (Slot* const slot = dialerOf(tunnel)) {
    std::erase(slot->dials, tunnel);
    slot->next = std::max(now, std::min(slot->next, slot->lastDial + slot->pause));
    if (!failureTold_ || now - *failureTold_ >= kFailureEvery) {
      failureTold_ = now;
      log.warning(nameOf(*tunnel), " failed: ", whyNoAnswer(event.why), "; ",
                  inTime(slot->next - now));
    } else {
      log.debug(nameOf(*tunnel), " failed: ", whyNoAnswer(event.why), "; ",
                inTime(slot->next - now));
    }
    return;
  }
  const auto found = std::find_if(former_.begin(), former_.end(),
                                  [&](const Former& former) { return former.tunnel == tunnel; });
  if (found == former_.end()) return;  // cancelled
  log.info(nameOf(*tunnel), " is closed: ", why);
  former_.erase(found);
  finishIfDone();
}

// How many links.

void BridgeKeeper::check() {
  if (draining_) return;
  std::size_t live = 0, sessions = 0, active = 0, bulk = 0, bulky = 0, free = 0, far = 0;
  for (const auto& slot : slots_) {
    if (!slot->link) return restartConditions();  // who is being dialled changes the picture
    ++live;
    sessions += slot->link->sessions;
    active += slot->link->active;
    const std::uint32_t itsBulk = slot->link->bulk;
    bulk += itsBulk;
    if (itsBulk > 0) ++bulky;
    if (!slot->link->burdened) ++free;
    if (slot->link->isCulvert && slot->link->pathIsLong) ++far;
  }
  const BridgeSettings& settings = core_->settings;
  const Clock::time_point now = loop_.now().mono;
  const bool mayGrow = live < settings.maxLinks;
  const std::size_t rest =
      far == live ? std::max(settings.restLinks, std::min(kBulkLinks, settings.maxLinks))
                  : settings.restLinks;
  const bool crowded = crowded_.update(mayGrow && active > settings.sessionsPerLink * live, now);
  const bool allBulk = allBulk_.update(mayGrow && bulky == live && live < kBulkLinks, now);
  const bool fewAtRest = fewAtRest_.update(live < rest, now);
  const bool stuck = mayGrow && free < std::min(live, settings.restLinks);
  if (crowded || allBulk || fewAtRest || stuck) {
    restartConditions();
    // As many as they could use, so that those who come next find them.
    const std::size_t enough =
        std::max(fewAtRest ? rest : std::size_t{0},
                 allBulk ? std::min({bulk, kBulkLinks, settings.maxLinks}) : std::size_t{0});
    do {
      addSlot();
    } while (slots_.size() < enough);
    return;
  }
  const bool surplus = live > rest && sessions * 2 <= settings.sessionsPerLink * live &&
                       !(bulky + 1 >= live && live <= kBulkLinks) && free == live;
  if (surplus_.update(surplus, now)) {
    surplus_.restart();
    surplus_.update(true, now);
    shrink();
  }
}

void BridgeKeeper::restartConditions() {
  for (Lasting* condition : {&crowded_, &allBulk_, &fewAtRest_, &surplus_}) condition->restart();
}

/// Gives one link up: the one with the fewest sessions.
void BridgeKeeper::shrink() {
  const auto least = std::min_element(
      slots_.begin(), slots_.end(),
      [](const auto& a, const auto& b) { return a->link->sessions < b->link->sessions; });
  const BridgeTunnelPtr tunnel = (*least)->link;
  if (!tunnel->isCulvert && (slots_.size() <= kKeptAtV2Ray || tunnel->sessions > 0)) return;
  log.info(nameOf(*tunnel), " is not needed any more");
  slots_.erase(least);
  former_.push_back({tunnel, false});
  if (tunnel->isCulvert) {
    onItsLoop(tunnel, [](BridgeLink& link) { link.drain(); });
  } else {
    onItsLoop(tunnel, [](BridgeLink& link) { link.finish(); });
  }
}

void BridgeKeeper::finishIfDone() {
  if (!draining_ || !former_.empty() || stopped_) return;
  stopped_ = true;
  core_->keeper = nullptr;
  loop_.retire(*this);
}

// Time.

void BridgeKeeper::watch() {
  if (stopped_ || draining_) return tick_.disarm();
  const Clock::time_point now = loop_.now().mono;
  Clock::time_point at = Clock::time_point::max();
  for (const auto& slot : slots_) {
    if (!slot->link) at = std::min(at, slot->next);
  }
  if (at != Clock::time_point::max())
    at = std::min<Clock::time_point>(at, now + 1s);  // and look at the clock
  for (const Lasting* condition : {&crowded_, &allBulk_, &fewAtRest_, &surplus_})
    at = std::min(at, condition->due());
  if (at == Clock::time_point::max()) return tick_.disarm();
  loop_.arm(tick_, std::max(at - now, Clock::duration::zero()));
}

void BridgeKeeper::onTick() {
  const Now now = loop_.now();
  noticeClockStep(now);
  for (const auto& slot : slots_) {
    if (!slot->link && slot->next <= now.mono) dial(*slot);
  }
  check();
  publish();
  watch();
}

/// A wall clock that was set right is a reason to try at once: VMess stamps its openings.
void BridgeKeeper::noticeClockStep(Now now) {
  const std::chrono::nanoseconds offset = now.wall.time_since_epoch() - now.mono.time_since_epoch();
  const std::chrono::nanoseconds before = clockOffset_.value_or(offset);
  clockOffset_ = offset;
  const auto step = std::chrono::duration_cast<std::chrono::seconds>(offset - before);
  if (step < kClockStep && step > -kClockStep) return;
  clockStep_ = step;
  log.info("this machine's clock was moved by ", step, "; dialling at once");
  for (const auto& slot : slots_) {
    if (!slot->link) slot->next = now.mono;
  }
}

std::string BridgeKeeper::nameOf(const BridgeTunnel& tunnel) const {
  return "link " + std::to_string(tunnel.id) + " to " + core_->settings.peer;
}

std::string BridgeKeeper::whyNoAnswer(std::error_code why) const {
  if (why && why != make_error_code(Errc::TimedOut)) return why.message();
  std::string text = "no answer from the portal: id, clock or domain?";
  if (clockStep_ != 0s)
    text += " (this machine's clock was moved by " + std::to_string(clockStep_.count()) + " s)";
  return text;
}

double BridgeKeeper::chance() {
  std::array<std::uint8_t, 2> random{};
  core_->environment.random(random);
  return (random[0] << 8 | random[1]) / 65'536.0;
}

}  // namespace culvert::reverse

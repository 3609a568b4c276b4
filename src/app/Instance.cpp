#include "app/Instance.h"

#include "app/Opening.h"
#include "base/Errc.h"
#include "base/Log.h"

#include <set>
#include <utility>

namespace culvert::app {
namespace {

/// How long what is gone is kept, so that nothing under way still meets it.
constexpr std::chrono::seconds kKeepGone{1};

/// Holds something until nobody can be using it any more, and destroys it on a loop's thread.
class Undertaker final : public Root {
 public:
  static void bury(Loop& loop, std::shared_ptr<void> gone) {
    runOn(loop, [&] {
      loop.adopt(std::unique_ptr<Undertaker>(new Undertaker(loop, std::move(gone)))).begin();
    });
  }
  void stop(std::error_code) override {}

 private:
  Undertaker(Loop& loop, std::shared_ptr<void> gone) : loop_(loop), gone_(std::move(gone)) {}
  void begin() { loop_.arm(deadline_, kKeepGone); }
  void onDeadline() {
    gone_.reset();
    loop_.retire(*this);
  }

  Loop& loop_;
  std::shared_ptr<void> gone_;
  DeadlineOf<Undertaker, &Undertaker::onDeadline> deadline_{*this};
};

}  // namespace

void Instance::start() {
  std::vector<Door*> leaving;
  if (predecessor_) {
    for (const auto& unit : predecessor_->inbounds_) {
      if (has(inbounds_, unit)) continue;
      for (const auto& door : unit->doors) leaving.push_back(door.get());
    }
  }
  Opening opening(core_.environment.sockets, leaving);
  for (const auto& unit : inbounds_) {
    if (predecessor_ && has(predecessor_->inbounds_, unit)) continue;
    for (const auto& door : unit->doors) opening.add(*unit, *door);
  }
  config::Problems problems;
  opening.bind(problems);
  if (problems.errors() > 0) throw StartError(std::move(problems));

  startHandlers();
  noteListeners();
  core_.dispatcher.setPlan(plan_);
  opening.open();
  startBridges();
  renewConfigs();
  if (predecessor_) retirePredecessor();
  predecessor_ = nullptr;
}

void Instance::startHandlers() {
  for (const auto& unit : inbounds_) {
    if (std::exchange(unit->started, true)) continue;
    runOn(*unit->home, [&] { unit->handler->start(*unit->home); });
  }
}

void Instance::startBridges() {
  for (const auto& unit : bridges_) {
    if (!std::exchange(unit->started, true)) unit->bridge->start();
  }
}

void Instance::noteListeners() {
  std::vector<OwnListener> all;
  for (const auto& unit : inbounds_) {
    for (const auto& door : unit->doors) {
      const ListenOptions& options = door->options();
      all.push_back({options.network, options.addresses, options.port});
    }
  }
  core_.own.set(std::move(all));
}

std::vector<const void*> Instance::goneOwners() const {
  std::set<const void*> outbounds;
  for (const auto& [tag, target] : plan_->targets) outbounds.insert(target.outbound.get());
  std::set<std::pair<std::string, std::string>> bridges;
  for (const auto& unit : bridges_) bridges.emplace(unit->info->tag, unit->info->protocol);

  std::vector<const void*> gone = core_.dispatcher.owners().remove([&](const Owners::Owner& owner) {
    if (owner.outbound && !outbounds.contains(owner.outbound)) return true;
    const proxy::InboundInfo& inbound = *owner.inbound;
    if (bridges.contains({inbound.tag, inbound.protocol})) return false;
    const auto unit = find(inbounds_, [&](const InboundUnit& each) {
      return each.info->tag == inbound.tag && each.info->protocol == inbound.protocol;
    });
    return !unit || (!owner.userKey.empty() && !unit->handler->knowsUser(owner.userKey));
  });
  for (const auto& unit : predecessor_->outbounds_) {
    if (!has(outbounds_, unit)) gone.push_back(unit->outbound.get());
  }
  // Connections that are still being greeted belong to the handler itself.
  for (const auto& unit : predecessor_->inbounds_) {
    if (!has(inbounds_, unit)) gone.push_back(unit->info->owner);
  }
  for (const auto& unit : predecessor_->bridges_) {
    if (!has(bridges_, unit)) gone.push_back(unit->info->owner);
  }
  return gone;
}

void Instance::retirePredecessor() {
  for (const auto& unit : predecessor_->bridges_) {
    if (!has(bridges_, unit)) unit->bridge->stop(Errc::Stopped);
  }
  for (const auto& unit : predecessor_->inbounds_) {
    if (has(inbounds_, unit)) continue;
    for (auto& door : unit->doors) {
      Loop& loop = door->loop();
      runOn(loop, [&] { door->close(); });
      Undertaker::bury(loop, std::shared_ptr<Door>(std::move(door)));
    }
    unit->doors.clear();
    Undertaker::bury(*unit->home, unit);
  }
  for (const void* owner : goneOwners()) {
    core_.postToAll([owner](Loop& loop) { loop.stopRoots(owner, Errc::Stopped); });
  }
  for (const auto& unit : predecessor_->outbounds_) {
    if (!has(outbounds_, unit)) Undertaker::bury(*core_.environment.loops.front(), unit);
  }
  for (const auto& unit : predecessor_->portals_) {
    if (!has(portals_, unit)) unit->portal->stop(Errc::Stopped);
  }
}

void Instance::drain() {
  for (const auto& unit : inbounds_) {
    for (const auto& door : unit->doors) runOn(door->loop(), [&] { door->close(); });
  }
  for (const auto& unit : bridges_) unit->bridge->drain();
}

void Instance::stop() {
  for (const auto& unit : bridges_) unit->bridge->stop(Errc::Stopped);
}

std::vector<std::pair<std::string, Endpoint>> Instance::listening() const {
  std::vector<std::pair<std::string, Endpoint>> all;
  for (const auto& unit : inbounds_) {
    for (const auto& door : unit->doors) {
      runOn(door->loop(), [&] {
        if (door->isBound()) all.emplace_back(unit->info->tag, door->local());
      });
    }
  }
  return all;
}

std::vector<std::string> Instance::summary() const {
  std::vector<std::string> lines;
  for (const auto& unit : inbounds_) {
    for (const auto& door : unit->doors) {
      if (!door->isBound()) continue;
      lines.push_back("listening on " + toString(door->options()) + " for inbound " +
                      unit->info->tag + " (" + unit->info->protocol + ")");
    }
  }
  for (const auto& unit : portals_) {
    lines.push_back("portal " + unit->config.tag + " waits for bridges of " +
                    escaped(unit->config.domain));
  }
  for (const auto& unit : bridges_) {
    lines.push_back("bridge " + unit->info->tag + " connects to " +
                    (unit->peer.empty() ? "nowhere" : unit->peer) + " for " +
                    escaped(unit->config.domain));
  }
  return lines;
}

}  // namespace culvert::app

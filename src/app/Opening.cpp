#include "app/Opening.h"

#include "app/Core.h"
#include "base/Log.h"

#include <algorithm>
#include <string>

namespace culvert::app {
namespace {

constexpr Log log{"app"};

std::string hintFor(const std::error_code& error, const ListenOptions& options) {
  if (error == std::errc::permission_denied && options.port < 1024) {
    return "ports below 1024 need the administrator or CAP_NET_BIND_SERVICE";
  }
  if (error == std::errc::address_in_use) return "another program listens there";
  if (error == std::errc::address_not_available) return "this host does not have the address";
  return {};
}

std::string pathOf(const InboundUnit& unit) {
  return unit.config.tag.empty() ? unit.info->tag : "inbound " + unit.config.tag;
}

}  // namespace

Door* Opening::leavingLike(const Door& door) const {
  const auto found = std::find_if(leaving_.begin(), leaving_.end(), [&](Door* old) {
    return old->isBound() && samePort(old->options(), door.options());
  });
  return found == leaving_.end() ? nullptr : *found;
}

std::vector<Door*> Opening::inTheWayOf(const Door& door) const {
  std::vector<Door*> doors;
  for (Door* old : leaving_) {
    if (old->isBound() && old->options().network == door.options().network &&
        old->options().port == door.options().port) {
      doors.push_back(old);
    }
  }
  return doors;
}

void Opening::report(const Wanted& wanted, const std::system_error& error,
                     config::Problems& problems) {
  const ListenOptions& options = wanted.door->options();
  const std::string what = "cannot listen on " + toString(options) + ": " + error.code().message();
  if (wanted.unit->config.optional) {
    log.warning("inbound ", wanted.unit->info->tag, " ", what, "; trying again every 30 s");
    return;
  }
  problems.error(wanted.unit->config.place, pathOf(*wanted.unit), "cannot-listen", what,
                 hintFor(error.code(), options));
}

void Opening::bindNow(Wanted& wanted, config::Problems& problems) {
  Door& door = *wanted.door;
  if (Door* old = leavingLike(door)) {
    if (sameSocket(old->options(), door.options())) {
      wanted.heir = old;
    } else {
      wanted.isLate = true;
    }
    return;
  }
  try {
    runOn(door.loop(), [&] { door.bind(sockets_); });
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::address_in_use && !inTheWayOf(door).empty()) {
      wanted.isLate = true;
      return;
    }
    report(wanted, error, problems);
    if (wanted.unit->config.optional) runOn(door.loop(), [&] { door.retryEvery(sockets_); });
  }
}

void Opening::bindLate(config::Problems& problems) {
  std::vector<Door*> released;
  for (Wanted& wanted : wanted_) {
    if (!wanted.isLate) continue;
    for (Door* old : inTheWayOf(*wanted.door)) {
      if (std::any_of(wanted_.begin(), wanted_.end(),
                      [&](const Wanted& each) { return each.heir == old; }))
        continue;
      runOn(old->loop(), [&] { old->close(); });
      released.push_back(old);
    }
    try {
      runOn(wanted.door->loop(), [&] { wanted.door->bind(sockets_); });
    } catch (const std::system_error& error) {
      report(wanted, error, problems);
    }
  }
  if (problems.errors() > 0) undo(released);
}

void Opening::undo(const std::vector<Door*>& released) {
  for (const Wanted& wanted : wanted_) {
    if (!wanted.heir) runOn(wanted.door->loop(), [&] { wanted.door->close(); });
  }
  for (Door* old : released) {
    try {
      runOn(old->loop(), [&] { old->bind(sockets_); });
    } catch (const std::system_error& error) {
      log.error("cannot listen on ", toString(old->options()), " any more: ", error.code());
    }
  }
}

void Opening::bind(config::Problems& problems) {
  for (Wanted& wanted : wanted_) bindNow(wanted, problems);
  if (problems.errors() > 0) return undo({});
  bindLate(problems);
}

void Opening::open() {
  for (const Wanted& wanted : wanted_) {
    runOn(wanted.door->loop(), [&] {
      if (wanted.heir) wanted.door->takeOver(*wanted.heir);
      wanted.door->open();
    });
  }
}

}  // namespace culvert::app

// Binding the ports of a new configuration beside those of the old one: all or none.
//
// A port that both have is handed over.  One that only its options or another port in the way keep
// from being bound is bound after the old one has let go, and given back when that fails after all.
#pragma once

#include "app/Door.h"
#include "app/Units.h"
#include "config/Problems.h"
#include "net/Sockets.h"

#include <system_error>
#include <vector>

namespace culvert::app {

class Opening {
 public:
  /// `leaving`: the doors of the predecessor that no unit of the new configuration shares.
  Opening(Sockets& sockets, std::vector<Door*> leaving)
      : sockets_(sockets), leaving_(std::move(leaving)) {}

  void add(InboundUnit& unit, Door& door) { wanted_.push_back({&unit, &door}); }
  /// Binds what can be bound now.  After errors in `problems` nothing has changed.
  void bind(config::Problems& problems);
  /// After bind(): hands over and opens all doors.
  void open();

 private:
  struct Wanted {
    InboundUnit* unit;
    Door* door;
    Door* heir = nullptr;  ///< whose socket it takes over
    bool isLate = false;
  };
  [[nodiscard]] Door* leavingLike(const Door& door) const;
  [[nodiscard]] std::vector<Door*> inTheWayOf(const Door& door) const;
  void bindNow(Wanted& wanted, config::Problems& problems);
  void bindLate(config::Problems& problems);
  void undo(const std::vector<Door*>& released);
  static void report(const Wanted& wanted, const std::system_error& error,
                     config::Problems& problems);

  Sockets& sockets_;
  const std::vector<Door*> leaving_;
  std::vector<Wanted> wanted_;
};

}  // namespace culvert::app

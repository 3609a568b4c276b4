// Dials: look-up, every address 250 ms apart until one answers (RFC 8305), all under one time-out.
//
// At most a number of dials are in progress on a reactor (LIM-12), the rest wait in line; waiting
// counts.
#pragma once

#include "net/Connections.h"
#include "net/IntrusiveList.h"
#include "net/Resolver.h"
#include "net/Sockets.h"

#include <cstddef>

namespace culvert {

class Reactor;

/// Who may dial now.
class DialLine {
 public:
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() = default;

   private:
    friend class DialLine;
    virtual void onTurn() = 0;
    enum class Place { Outside, Waiting, Dialling } place_ = Place::Outside;
    Links<Waiter> links_;
  };

  explicit DialLine(std::size_t most) noexcept : most_(most) {}
  /// Calls onTurn() when it may dial, at once if there is room.
  void enter(Waiter& waiter);
  void leave(Waiter& waiter);
  [[nodiscard]] std::size_t dialling() const noexcept { return dialling_; }

 private:
  const std::size_t most_;
  std::size_t dialling_ = 0;
  IntrusiveList<Waiter, &Waiter::links_> waiting_;
};

/// What dials on one reactor share.
struct DialContext {
  Reactor& reactor;
  Resolver& resolver;
  Connections& connections;
  DialLine& line;
};

[[nodiscard]] HandlePtr makeConnector(const DialContext& context, const Destination& target,
                                      DialOptions options, DialHandler& handler);

}  // namespace culvert

// The real Sockets: Poco's reactors, the system's sockets, c-ares.
//
// Every loop it is given must be one of the pool's reactors.  Order of ends: ReactorPool.h.
#pragma once

#include "net/NameCache.h"
#include "net/NameServer.h"
#include "net/ReactorPool.h"
#include "net/Sockets.h"

#include <memory>
#include <string>
#include <vector>

namespace culvert {

class PocoSockets final : public Sockets {
 public:
  static constexpr std::size_t kMostDials = 512;  ///< in progress, all reactors together (LIM-12)

  explicit PocoSockets(ReactorPool& pool, const ResolverOptions& options = {},
                       std::size_t mostDials = kMostDials);
  ~PocoSockets() override;

  ListeningPtr listen(Loop& loop, const ListenOptions& options, AcceptHandler& handler) override;
  [[nodiscard]] HandlePtr dial(Loop& loop, const Destination& target, DialOptions options,
                               DialHandler& handler) override;
  [[nodiscard]] HandlePtr resolve(Loop& loop, const std::string& name, Families families,
                                  Resolved done) override;

 private:
  struct Room;
  Room& roomOf(Loop& loop);

  NameCache cache_;
  std::vector<std::unique_ptr<Room>> rooms_;  ///< one per reactor
};

}  // namespace culvert

#include "net/PocoSockets.h"

#include "base/Assert.h"
#include "net/Connections.h"
#include "net/Connector.h"
#include "net/Listener.h"
#include "net/Resolver.h"
#include "net/UdpListener.h"

#include <algorithm>
#include <utility>

namespace culvert {

/// What one reactor has of its own.
struct PocoSockets::Room {
  Room(Reactor& home, NameCache& cache, const ResolverOptions& options, std::size_t mostDials)
      : reactor(home), resolver(home, cache, options), line(mostDials) {}

  Reactor& reactor;
  Resolver resolver;
  DialLine line;
};

PocoSockets::PocoSockets(ReactorPool& pool, const ResolverOptions& options, std::size_t mostDials) {
  const std::size_t share = std::max<std::size_t>(1, mostDials / pool.size());
  for (std::size_t i = 0; i < pool.size(); ++i) {
    rooms_.push_back(std::make_unique<Room>(pool.at(i), cache_, options, share));
  }
}

PocoSockets::~PocoSockets() = default;

PocoSockets::Room& PocoSockets::roomOf(Loop& loop) {
  CULVERT_ASSERT(loop.isCurrent());
  for (const auto& room : rooms_) {
    if (&room->reactor == &loop) return *room;
  }
  assertionFailed("the loop is one of the pool's", __FILE__, __LINE__);
}

ListeningPtr PocoSockets::listen(Loop& loop, const ListenOptions& options, AcceptHandler& handler) {
  Reactor& reactor = roomOf(loop).reactor;
  if (options.network == Network::Udp)
    return std::make_unique<UdpListener>(reactor, options, handler);
  return std::make_unique<Listener>(reactor, options, handler, Connections::ofProcess());
}

HandlePtr PocoSockets::dial(Loop& loop, const Destination& target, DialOptions options,
                            DialHandler& handler) {
  Room& room = roomOf(loop);
  const DialContext context{room.reactor, room.resolver, Connections::ofProcess(), room.line};
  return makeConnector(context, target, std::move(options), handler);
}

HandlePtr PocoSockets::resolve(Loop& loop, const std::string& name, Families families,
                               Resolved done) {
  return roomOf(loop).resolver.resolve(name, families, std::move(done));
}

}  // namespace culvert

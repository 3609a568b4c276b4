// Raw relays: what the bytes cost without a protocol.
#include "bench/load/Acceptor.h"
#include "bench/load/Commands.h"
#include "bench/load/Pipe.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace culvert::load {
namespace {

/// A connection that came in and the one it is joined to.
class Pair final : public Handler {
 public:
  Pair(Poller& poller, BufferPool& pool, Descriptor visitor, Dialer& dialer)
      : poller_(poller), call_(dialer.dial()), to_(dialer.to()), up_(pool), down_(pool) {
    ends_[0].socket = std::move(visitor);
    ends_[1].socket = std::move(call_.socket);
  }

  void begin() {
    poller_.add(ends_[0].socket.get(), *this, 0);
    poller_.add(ends_[1].socket.get(), *this, 1);
  }

  void note(unsigned side, std::uint32_t events) override {
    ends_[side].ready.note(events);
    if (side == 1 && events & EPOLLERR && !isConnected_)
      call_.error = takeError(ends_[1].socket.get());
    if (side == 1 && events & EPOLLOUT && !call_.error) isConnected_ = true;
  }

  Progress work() override {
    if (call_.error) {
      std::fprintf(stderr, "culvert-bench relay: %s\n",
                   complaint("connect to", to_, call_.error).c_str());
      poller_.retire(*this);
      return Progress::Waiting;
    }
    if (!isConnected_) return Progress::Waiting;
    const auto up = up_.move(end(0), end(1));
    const auto down = down_.move(end(1), end(0));
    if (up_.isBroken() || down_.isBroken() || (up_.hasEnded() && down_.hasEnded())) {
      poller_.retire(*this);
      return Progress::Waiting;
    }
    return up == Progress::More ? up : down;
  }

 private:
  struct Side {
    Descriptor socket;
    Readiness ready;
  };

  Pipe::End end(unsigned side) { return {ends_[side].socket.get(), ends_[side].ready}; }

  Poller& poller_;
  Dialer::Call call_;
  Address to_;
  Side ends_[2];
  bool isConnected_ = false;
  Pipe up_, down_;
};

}  // namespace

void relay(Arguments& arguments) {
  Poller poller;
  BufferPool pool;
  std::vector<std::unique_ptr<Dialer>> dialers;
  std::string ready = "ready";
  const auto edges = arguments.positional();
  arguments.expectEmpty();
  if (edges.empty()) throw Usage("expected FROM=TO, as in 127.0.0.1:8001=127.0.0.1:7001");
  for (const auto& edge : edges) {
    const auto equals = edge.find('=');
    if (equals == edge.npos) throw Usage("expected FROM=TO, got \"" + edge + "\"");
    const auto to = Address::parse(edge.substr(equals + 1));
    auto& dialer = *dialers.emplace_back(std::make_unique<Dialer>(to, SourceSpread::Off));
    auto& acceptor = poller.adopt(std::make_unique<Acceptor>(
        poller, Address::parse(edge.substr(0, equals)), [&](Descriptor visitor) {
          auto& pair =
              poller.adopt(std::make_unique<Pair>(poller, pool, std::move(visitor), dialer));
          static_cast<Pair&>(pair).begin();
        }));
    ready += " " + static_cast<Acceptor&>(acceptor).address().text() + "=" + to.text();
  }
  poller.runUntilToldToEnd(ready);
}

}  // namespace culvert::load

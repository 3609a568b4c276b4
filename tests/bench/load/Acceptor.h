// A listening socket that hands over what connects.
#pragma once

#include "bench/load/Poller.h"
#include "bench/load/Socket.h"

#include <functional>
#include <utility>

namespace culvert::load {

class Acceptor final : public Handler {
 public:
  using Accepted = std::function<void(Descriptor)>;

  Acceptor(Poller& poller, const Address& address, Accepted accepted)
      : listener_(listenAt(address)), accepted_(std::move(accepted)) {
    poller.add(listener_.get(), *this);
  }

  /// Where it listens, with the port that was chosen for port 0.
  Address address() const { return localAddress(listener_.get()); }

  void note(unsigned, std::uint32_t) override {}
  Progress work() override {
    for (int i = 0; i < kBurst; ++i) {
      auto socket = acceptFrom(listener_.get());
      if (!socket) return Progress::Waiting;
      accepted_(std::move(socket));
    }
    return Progress::More;
  }

 private:
  static constexpr int kBurst = 64;

  Descriptor listener_;
  Accepted accepted_;
};

}  // namespace culvert::load

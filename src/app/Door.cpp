#include "app/Door.h"

#include "base/Log.h"

#include <system_error>
#include <utility>

namespace culvert::app {
namespace {

constexpr Log log{"app"};

}  // namespace

void Door::bind(Sockets& sockets) {
  listening_ = sockets.listen(loop_, options_, *this);
  bound_ = true;
}

void Door::retryEvery(Sockets& sockets) {
  retryWith_ = &sockets;
  loop_.arm(retry_, kRetry);
}

void Door::retry() {
  try {
    bind(*retryWith_);
    log.info("listening on ", toString(options_), " at last");
  } catch (const std::system_error&) {
    loop_.arm(retry_, kRetry);
  }
}

void Door::takeOver(Door& other) {
  listening_ = std::move(other.listening_);
  bound_ = other.bound_.exchange(false);
  listening_->setHandler(*this);
  for (Waiting& each : std::exchange(other.waiting_, {})) waiting_.push_back(std::move(each));
}

void Door::open() {
  open_ = true;
  for (Waiting& each : std::exchange(waiting_, {}))
    pass(std::move(each.stream), each.source, each.local);
}

void Door::close() {
  retry_.disarm();
  bound_ = false;
  listening_.reset();
  waiting_.clear();
}

void Door::onAccepted(StreamPtr stream, const Endpoint& source, const Endpoint& local) {
  if (open_) {
    pass(std::move(stream), source, local);
  } else {
    waiting_.push_back({std::move(stream), source, local});
  }
}

void Door::pass(StreamPtr stream, const Endpoint& source, const Endpoint& local) {
  if (options_.network == Network::Tcp) {
    handler_.accept(std::move(stream), source, local, loop_);
  } else {
    handler_.acceptDatagrams(std::move(stream), source, local, loop_);
  }
}

std::string toString(const ListenOptions& options) {
  const std::string network = "/" + std::string(toString(options.network));
  if (options.addresses.empty()) return std::to_string(options.port) + network;
  return toString(Endpoint{options.addresses.front(), options.port}) + network;
}

bool samePort(const ListenOptions& a, const ListenOptions& b) {
  return a.network == b.network && a.port == b.port && a.addresses == b.addresses;
}

bool sameSocket(const ListenOptions& a, const ListenOptions& b) {
  return samePort(a, b) && a.strangers == b.strangers && a.udpIdle == b.udpIdle &&
         a.udpIdleAnswered == b.udpIdleAnswered;
}

}  // namespace culvert::app

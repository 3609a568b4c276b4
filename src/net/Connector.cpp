#include "net/Connector.h"

#include "base/Errc.h"
#include "base/Pooled.h"
#include "net/Reactor.h"
#include "net/SocketStream.h"
#include "net/UdpStream.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace culvert {
namespace {

constexpr std::chrono::milliseconds kNextAddress{250};

class Connector;

/// A connection on its way to one address.
class Attempt final : private Watcher {
 public:
  Attempt(Connector& connector, Reactor& reactor, os::Descriptor socket, Connections::Slot slot,
          const Endpoint& remote)
      : connector_(connector),
        watch_(reactor, *this, socket),
        slot_(std::move(slot)),
        remote_(remote) {}

  /// Its socket is connecting.  May tell the connector at once.
  void begin();

  [[nodiscard]] const Endpoint& remote() const noexcept { return remote_; }
  [[nodiscard]] bool isOpen() const noexcept { return watch_.isOpen(); }
  [[nodiscard]] StreamPtr takeStream(Reactor& reactor) {
    return std::make_unique<SocketStream>(reactor, watch_, std::move(slot_));
  }
  void close() noexcept {
    watch_.close();
    slot_ = Connections::Slot();
  }

 private:
  void onReadable() override {}  // the stream will see
  void onWritable() override;
  void onWatchFailed(std::error_code why) noexcept override;
  /// A free port of our own may be chosen as its own peer.
  [[nodiscard]] bool isItsOwnPeer() const { return os::localOf(watch_.descriptor()) == remote_; }
  void onConnected();

  Connector& connector_;
  Watch watch_;
  Connections::Slot slot_;
  const Endpoint remote_;
};

class Connector final : public Handle, public Pooled<Connector>, private DialLine::Waiter {
 public:
  Connector(const DialContext& context, const Destination& target, DialOptions options,
            DialHandler& handler)
      : context_(context), target_(target), options_(std::move(options)), handler_(handler) {
    context_.reactor.arm(limit_, options_.timeout);
    context_.line.enter(*this);
  }

  ~Connector() override { context_.line.leave(*this); }

  void onConnected(Attempt& attempt) {
    winner_ = &attempt;
    answerLater();
  }

  void onRefused(Attempt& attempt, std::error_code why) {
    attempt.close();
    note(why);
    if (!winner_) tryNext();
  }

  void onBroken(Attempt& attempt, std::error_code why) noexcept {
    attempt.close();
    note(why);
    if (!winner_) context_.reactor.arm(another_, {});  // not from here: this must not throw
  }

 private:
  void onTurn() override {
    if (!target_.isDomain()) {
      addresses_ = std::span(&target_.ip(), 1);
      start();
      return;
    }
    lookup_ = context_.resolver.resolve(target_.domain(), families(),
                                        [this](std::error_code error, std::vector<Ip> addresses) {
                                          resolved_ = std::move(addresses);
                                          addresses_ = resolved_;
                                          if (error) note(error);
                                          start();
                                        });
  }

  /// A local address can reach its own family only.
  [[nodiscard]] Families families() const {
    if (options_.from.empty()) return options_.families;
    return options_.from.front().isV4() ? Families::V4 : Families::V6;
  }

  void start() {
    if (target_.network == Network::Udp) {
      openUdp();
    } else {
      tryNext();
    }
  }

  /// The next address that may be dialled, or nullptr.
  const Ip* nextAddress() {
    while (next_ < addresses_.size()) {
      const Ip& address = addresses_[next_++];
      const bool isUsable = options_.from.empty() || options_.from.front().isV4() == address.isV4();
      const std::error_code refusal =
          !isUsable        ? std::make_error_code(std::errc::address_family_not_supported)
          : options_.judge ? options_.judge({address, target_.port})
                           : std::error_code();
      if (!refusal) return &address;
      note(refusal);
    }
    return nullptr;
  }

  void tryNext() {
    while (const Ip* address = nextAddress()) {
      if (!connect(*address)) continue;
      if (!winner_ && next_ < addresses_.size()) context_.reactor.arm(another_, kNextAddress);
      return;
    }
    const auto isOpen = [](const auto& attempt) { return attempt && attempt->isOpen(); };
    if (isOpen(first_) || std::any_of(others_.begin(), others_.end(), isOpen)) return;
    answerLater();
  }

  /// A socket for `address`, with everything set but the way to it.
  os::Descriptor open(const Ip& address, Connections::Slot& slot) {
    slot = context_.connections.take(options_.mayUseReserve ? Connections::Kind::Reserved
                                                            : Connections::Kind::Ordinary);
    if (!slot) {
      note(Errc::Overloaded);
      return os::kNoDescriptor;
    }
    const os::Family family = os::familyOf(address);
    const Result<os::Descriptor> socket =
        target_.network == Network::Udp ? os::openUdp(family) : os::openTcp(family);
    std::error_code error = socket.error();
    if (socket && !options_.from.empty()) error = os::bindForDial(*socket, options_.from.front());
    if (!error) return *socket;
    if (socket) os::close(*socket);
    note(error);
    return os::kNoDescriptor;
  }

  bool connect(const Ip& address) {
    Connections::Slot slot;
    const os::Descriptor socket = open(address, slot);
    if (socket == os::kNoDescriptor) return false;
    // Whatever ends us from here on is a reset at the other end.
    SocketStream::setUp(socket, SocketStream::Role::Known);
    const Endpoint remote{address, target_.port};
    if (const std::error_code error = os::connectTo(socket, remote)) {
      os::close(socket);
      note(error);
      return false;
    }
    if (first_) {
      others_.push_back(
          std::make_unique<Attempt>(*this, context_.reactor, socket, std::move(slot), remote));
      others_.back()->begin();
    } else {
      first_.emplace(*this, context_.reactor, socket, std::move(slot), remote);
      first_->begin();
    }
    return true;
  }

  /// Nobody answers: the first address there is a way to is the one.
  void openUdp() {
    while (const Ip* address = nextAddress()) {
      Connections::Slot slot;
      const os::Descriptor socket = open(*address, slot);
      if (socket == os::kNoDescriptor) continue;
      udpPeer_ = {*address, target_.port};
      if (const std::error_code error = os::checkRoute(socket, udpPeer_)) {
        os::close(socket);
        note(error);
        continue;
      }
      udp_ = std::make_unique<UdpStream>(context_.reactor, socket, std::move(slot), udpPeer_);
      break;
    }
    answerLater();
  }

  /// The first reason is the one told, but that an address answered at all says more than that
  /// another has no way to it.
  void note(std::error_code why) noexcept {
    if (!why_ || why_ == std::errc::network_unreachable || why_ == std::errc::host_unreachable ||
        why_ == std::errc::address_family_not_supported ||
        why_ == std::errc::address_not_available) {
      why_ = why;
    }
  }

  void answerLater() {
    another_.disarm();
    limit_.disarm();
    context_.reactor.atTurnEnd(answer_);
  }

  void answer() {
    context_.line.leave(*this);
    if (udp_) {
      const Endpoint peer = udpPeer_;
      handler_.onDialed(std::move(udp_), peer);  // may destroy this
    } else if (winner_) {
      StreamPtr stream = winner_->takeStream(context_.reactor);
      const Endpoint remote = winner_->remote();
      endAttempts();
      handler_.onDialed(std::move(stream), remote);  // may destroy this
    } else {
      endAttempts();
      handler_.onDialFailed(why_ ? why_ : make_error_code(Errc::Unreachable));
    }
  }

  void endAttempts() noexcept {
    first_.reset();
    others_.clear();
  }

  void giveUp() {
    lookup_.reset();
    another_.disarm();
    why_ = Errc::TimedOut;
    answer();
  }

  const DialContext context_;
  const Destination target_;
  const DialOptions options_;
  DialHandler& handler_;
  HandlePtr lookup_;
  std::vector<Ip> resolved_;
  std::span<const Ip> addresses_;  ///< the target's, or what its name was resolved to
  std::size_t next_ = 0;
  std::optional<Attempt> first_;  ///< mostly the only one
  std::vector<std::unique_ptr<Attempt>> others_;
  Attempt* winner_ = nullptr;
  StreamPtr udp_;
  Endpoint udpPeer_;
  std::error_code why_;
  DeadlineOf<Connector, &Connector::tryNext> another_{*this};
  DeadlineOf<Connector, &Connector::giveUp> limit_{*this};
  TurnEndOf<Connector, &Connector::answer> answer_{*this};
};

void Attempt::begin() {
  // A service on this machine has answered before the call came back.
  if (os::remoteOf(watch_.descriptor()) == remote_ && !isItsOwnPeer()) return onConnected();
  watch_.want({.write = true});
}

void Attempt::onWritable() {
  std::error_code error = os::pendingError(watch_.descriptor());
  if (!error && isItsOwnPeer()) error = std::make_error_code(std::errc::connection_refused);
  if (error) {
    connector_.onRefused(*this, error);
  } else {
    onConnected();
  }
}

void Attempt::onConnected() {
  watch_.want({.read = true});  // as the stream will
  connector_.onConnected(*this);
}

void Attempt::onWatchFailed(std::error_code why) noexcept {
  connector_.onBroken(*this, why);
}

}  // namespace

void DialLine::enter(Waiter& waiter) {
  if (dialling_ >= most_) {
    waiter.place_ = Waiter::Place::Waiting;
    waiting_.pushBack(waiter);
    return;
  }
  ++dialling_;
  waiter.place_ = Waiter::Place::Dialling;
  waiter.onTurn();
}

void DialLine::leave(Waiter& waiter) {
  const Waiter::Place place = std::exchange(waiter.place_, Waiter::Place::Outside);
  if (place == Waiter::Place::Waiting) waiting_.remove(waiter);
  if (place != Waiter::Place::Dialling) return;
  --dialling_;
  if (Waiter* const next = waiting_.first()) {
    waiting_.remove(*next);
    enter(*next);
  }
}

HandlePtr makeConnector(const DialContext& context, const Destination& target, DialOptions options,
                        DialHandler& handler) {
  return std::make_unique<Connector>(context, target, std::move(options), handler);
}

}  // namespace culvert

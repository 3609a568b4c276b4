#include "proxy/vmess/Inbound.h"

#include "base/Cursor.h"
#include "base/Log.h"
#include "crypto/Digest.h"
#include "net/CodecStream.h"
#include "net/Greeter.h"
#include "proxy/Inbound.h"
#include "proxy/Session.h"
#include "proxy/vmess/Handshake.h"
#include "proxy/vmess/Settings.h"
#include "proxy/vmess/Users.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace culvert::vmess {
namespace {

constexpr Log log{"vmess"};

constexpr std::chrono::seconds kPatience{60};  ///< AUTH-3
constexpr std::chrono::seconds kSecond{1};

/// Lets one line per source and minute through.
class StrangerLog {
 public:
  bool mayWrite(const Ip& source, Clock::time_point now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (now - begun_ >= std::chrono::minutes(1)) {
      begun_ = now;
      seen_.clear();
    }
    return seen_.size() < kMaxSources && seen_.insert(source).second;
  }

 private:
  static constexpr std::size_t kMaxSources = 256;
  std::mutex mutex_;
  Clock::time_point begun_{};
  std::set<Ip> seen_;
};

bool isMux(const RequestHeader& request) {
  return request.command == Command::Mux ||
         (request.command == Command::Tcp && request.target.isDomain() &&
          request.target.domain() == kMuxHost);
}

class VmessInbound final : public proxy::InboundHandler, private GreetHandler<ServerHandshake> {
 public:
  VmessInbound(InboundOptions options, proxy::Context& context)
      : options_(std::move(options)),
        info_(context.inbound),
        dispatcher_(context.dispatcher),
        mux_(context.mux),
        tag_(context.tag),
        stateDirectory_(context.stateDirectory) {
    std::string secret = context.key;
    for (const Account& account : options_.accounts) {
      keys_.insert(account.key());
      if (context.key.empty()) secret += account.key();
    }
    patience_ = patienceOf(secret, context.handshake.count() > 0 ? context.handshake : kPatience);
  }

  void start(Loop& loop) override {
    // Not earlier: who only checks a configuration must not touch the running program's history.
    const Now now = loop.now();
    users_ = std::make_shared<Users>(std::exchange(options_.accounts, {}),
                                     openReplayHistory(stateDirectory_, tag_, now));
    loop_ = &loop;
    if (users_->hasLegacy()) advance();
  }

  void accept(StreamPtr stream, const Endpoint& source, const Endpoint& local,
              Loop& loop) override {
    Greeter<ServerHandshake>::greet(loop, std::move(stream), {users_, options_.insecure}, source,
                                    local, patience_, *this, info_->owner);
  }

  [[nodiscard]] Needs needs() const override {
    Needs needs;
    needs.strangers = true;
    return needs;
  }

  [[nodiscard]] bool knowsUser(const std::string& userKey) const override {
    return keys_.contains(userKey);
  }

 private:
  void onGreeted(ServerHandshake handshake, StreamPtr stream, Buffer early, const Endpoint& source,
                 const Endpoint& local, Loop& loop) override {
    proxy::Session session;
    session.id = proxy::nextSessionId();
    session.inbound = info_;
    session.source = source;
    session.local = local;
    session.user = handshake.account().label();
    session.userKey = handshake.account().key();
    session.target = handshake.request().target;
    auto body = std::make_unique<CodecStream<ServerBody>>(loop, std::move(stream),
                                                          handshake.makeBody(), std::move(early));
    if (isMux(handshake.request())) {
      mux_.acceptMux(std::move(session), std::move(body), loop);
    } else {
      dispatcher_.dispatch(std::move(session), std::move(body), loop);
    }
  }

  void onStranger(const Endpoint& source, std::error_code why) override {
    if (!strangerLog_.mayWrite(source.ip, Clock::now())) return;
    log.info("refused an opening from ", source.ip, " at ", escaped(tag_, 64), ": ", why);
  }

  /// Keeps the table of alter ids up with the clock: a second of it in each turn while it is
  /// behind.
  void advance() {
    if (users_->advance(loop_->now())) {
      loop_->arm(tick_, kSecond);
    } else {
      loop_->post([this, mooring = anchor_.mooring()] {
        if (mooring.holds()) advance();
      });
    }
  }

  InboundOptions options_;
  const std::shared_ptr<const proxy::InboundInfo> info_;
  proxy::Dispatcher& dispatcher_;
  proxy::MuxAcceptor& mux_;
  const std::string tag_, stateDirectory_;
  std::set<std::string> keys_;
  Clock::duration patience_;
  std::shared_ptr<Users> users_;
  StrangerLog strangerLog_;
  Loop* loop_ = nullptr;
  DeadlineOf<VmessInbound, &VmessInbound::advance> tick_{*this};
  Anchor anchor_;
};

}  // namespace

Clock::duration patienceOf(std::string_view secret, std::chrono::seconds base) {
  const Bytes pieces[] = {asBytes("culvert: how long strangers wait"), asBytes(secret)};
  const crypto::Sha256Digest digest = crypto::sha256(pieces);
  const std::uint64_t spread = Cursor(digest).u64be() % 60'001;
  return base + std::chrono::milliseconds(spread);
}

proxy::InboundHandlerPtr makeInbound(const config::Node& settings, proxy::Context& context) {
  std::optional<InboundOptions> options = readInbound(settings, context.problems, context.lenient);
  if (!options) return nullptr;
  return std::make_unique<VmessInbound>(std::move(*options), context);
}

}  // namespace culvert::vmess

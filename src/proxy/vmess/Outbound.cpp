#include "proxy/vmess/Outbound.h"

#include "base/Errc.h"
#include "base/Log.h"
#include "crypto/Cpu.h"
#include "crypto/Random.h"
#include "net/CodecStream.h"
#include "net/Relay.h"
#include "proxy/Outbound.h"
#include "proxy/vmess/Handshake.h"
#include "proxy/vmess/Settings.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace culvert::vmess {
namespace {

constexpr Log log{"vmess"};

/// A link that does not come up quickly is dialled anew (F-HOLE).
constexpr std::chrono::seconds kLinkDialTimeout{3};

/// What all sessions of one outbound share.
struct Client {
  std::vector<Server> servers;
  Sockets& sockets;
  std::vector<Ip> from;
  std::atomic<std::size_t> next{0};  ///< server of the next connection
};

Command commandFor(const Destination& target) {
  if (target.network == Network::Udp) return Command::Udp;
  return target.isDomain() && target.domain() == kMuxHost ? Command::Mux : Command::Tcp;
}

/// Whether a header can carry the target.
bool fits(const Destination& target) {
  return !target.isDomain() || (!target.domain().empty() && target.domain().size() <= 255);
}

ClientBody open(const ClientUser& user, const Destination& target, Now now) {
  const Command command = commandFor(target);
  const ClientWish wish = {user.security,
                           usualOptions(user.security, user.zero, user.sealedLength, command),
                           command, target};
  if (user.legacyIds.empty()) return openAead(user.account.commandKey(), wish, now);
  const auto any = crypto::randomBelow(static_cast<std::uint32_t>(user.legacyIds.size()));
  return openLegacy(user.account.commandKey(), user.legacyIds[any].view(), wish, now);
}

/// A session on its way to a server: ends as a relay or with the visitor refused.
class Dial final : public Root, private DialHandler, private Receiver {
 public:
  static void start(std::shared_ptr<Client> client, proxy::Session session, StreamPtr visitor,
                    proxy::FlowRecordPtr record, Loop& loop) {
    loop.adopt(std::unique_ptr<Dial>(new Dial(std::move(client), std::move(session),
                                              std::move(visitor), std::move(record), loop)))
        .begin();
  }

  void stop(std::error_code why) override { fail(why); }
  [[nodiscard]] const void* owner() const noexcept override {
    return session_.inbound ? session_.inbound->owner : nullptr;
  }

 private:
  Dial(std::shared_ptr<Client> client, proxy::Session session, StreamPtr visitor,
       proxy::FlowRecordPtr record, Loop& loop)
      : client_(std::move(client)),
        session_(std::move(session)),
        visitor_(std::move(visitor)),
        record_(std::move(record)),
        loop_(loop),
        server_(client_->next++ % client_->servers.size()) {}

  void begin() {
    visitor_->attach(*this);
    if (!fits(session_.target)) return fail(Errc::BadAddress);
    dial();
  }

  void dial() {
    DialOptions options;
    if (session_.link) {
      options.timeout = kLinkDialTimeout;
      options.mayUseReserve = true;
    }
    options.from = client_->from;
    dialling_ =
        client_->sockets.dial(loop_, client_->servers[server_].address, std::move(options), *this);
  }

  void onDialed(StreamPtr stream, const Endpoint&) override {
    if (done_) return;
    done_ = true;
    const std::vector<ClientUser>& users = client_->servers[server_].users;
    const ClientUser& user = users[crypto::randomBelow(static_cast<std::uint32_t>(users.size()))];
    auto body = std::make_unique<CodecStream<ClientBody>>(loop_, std::move(stream),
                                                          open(user, session_.target, loop_.now()));
    if (session_.link) {
      visitor_->beLink();
      body->beLink();
      body->sendOpening();  // the server speaks first on a link, and not before it knows who we are
    } else {
      body->sendOpeningSoon();  // a server that speaks first must not wait for our first byte
    }
    joinRelay(loop_, std::move(visitor_), std::move(body), proxy::relayOptions(session_),
              std::move(record_));
    loop_.retire(*this);
  }

  void onDialFailed(std::error_code why) override {
    if (done_) return;
    if (++tried_ < client_->servers.size()) {
      server_ = (server_ + 1) % client_->servers.size();
      return dial();
    }
    // A bridge sees only that its crossover broke; this is why.
    if (session_.link) log.warning("cannot reach ", client_->servers[server_].address, ": ", why);
    fail(why);
  }

  void fail(std::error_code why) {
    if (std::exchange(done_, true)) return;
    dialling_.reset();
    proxy::refuse(std::move(visitor_), std::move(record_), why);
    loop_.retire(*this);
  }

  // The visitor is paused and says nothing but that it is gone.
  void onData(MutableBytes) override {}
  void onEnd() override {}
  void onRoom() override {}
  void onClosed(std::error_code why) override {
    if (std::exchange(done_, true)) return;
    dialling_.reset();
    if (record_) record_->fail(why ? why : make_error_code(Errc::Reset));
    loop_.retire(*this);  // the visitor goes with us: it may not be destroyed inside this call
  }

  const std::shared_ptr<Client> client_;
  const proxy::Session session_;
  StreamPtr visitor_;
  proxy::FlowRecordPtr record_;
  Loop& loop_;
  std::size_t server_, tried_ = 0;
  HandlePtr dialling_;
  bool done_ = false;
};

class VmessOutbound final : public proxy::Outbound {
 public:
  explicit VmessOutbound(std::shared_ptr<Client> client) : client_(std::move(client)) {}

  void open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr record,
            Loop& here) override {
    Dial::start(client_, std::move(session), std::move(visitor), std::move(record), here);
  }

 private:
  const std::shared_ptr<Client> client_;
};

}  // namespace

std::unique_ptr<proxy::Outbound> makeOutbound(const config::Node& settings,
                                              proxy::Context& context) {
  std::optional<OutboundOptions> options =
      readOutbound(settings, context.problems, context.lenient, crypto::hasFastAesGcm());
  if (!options) return nullptr;
  return std::make_unique<VmessOutbound>(std::shared_ptr<Client>(
      new Client{std::move(options->servers), context.sockets, context.sendThrough}));
}

}  // namespace culvert::vmess

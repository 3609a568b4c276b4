#include "app/FlowDispatcher.h"

#include "app/MuxCarrier.h"
#include "base/Errc.h"
#include "base/Log.h"
#include "net/Ferry.h"
#include "net/Relay.h"
#include "proxy/Flow.h"

#include <string>
#include <string_view>
#include <utility>

namespace culvert::app {
namespace {

constexpr Log log{"app"};

/// A flow on its way to another loop.
struct Parcel {
  std::shared_ptr<const Plan> plan;  ///< keeps the outbound
  proxy::Session session;
  StreamPtr visitor;
  proxy::FlowRecordPtr record;
};

/// Names that stand for no host (V2Ray 5's packet addresses): never to be looked up.
bool isPseudoName(const Destination& target) {
  return target.isDomain() &&
         normalizedDomain(target.domain()).ends_with(".packet-addr.v2fly.arpa");
}

std::string sourceOf(const proxy::Session& session) {
  return session.source ? toString(*session.source) : std::string("-");
}

}  // namespace

/// A visitor that waits for the addresses its rules want to see.
class FlowDispatcher::Lookup final : public Root, private Receiver {
 public:
  static void start(FlowDispatcher& dispatcher, proxy::Session session, StreamPtr visitor,
                    Loop& loop) {
    loop.adopt(std::unique_ptr<Lookup>(
                   new Lookup(dispatcher, std::move(session), std::move(visitor), loop)))
        .begin();
  }

  void stop(std::error_code why) override { refuse(why); }
  [[nodiscard]] const void* owner() const noexcept override { return session_.inbound->owner; }

 private:
  Lookup(FlowDispatcher& dispatcher, proxy::Session session, StreamPtr visitor, Loop& loop)
      : dispatcher_(dispatcher),
        session_(std::move(session)),
        visitor_(std::move(visitor)),
        loop_(loop) {}

  void begin() {
    visitor_->attach(*this);
    resolving_ = dispatcher_.sockets_.resolve(
        loop_, session_.target.domain(), Families::Any,
        [this](std::error_code, const std::vector<Ip>& addresses) { onResolved(addresses); });
  }

  void onResolved(const std::vector<Ip>& addresses) {
    if (std::exchange(done_, true)) return;
    const std::shared_ptr<const Plan> plan = dispatcher_.plan();
    const routing::Verdict verdict = plan->router.judge(session_, &addresses);
    dispatcher_.give(plan, verdict, std::move(session_), std::move(visitor_), loop_);
    loop_.retire(*this);
  }

  void refuse(std::error_code why) {
    if (std::exchange(done_, true)) return;
    resolving_.reset();
    proxy::refuse(std::move(visitor_),
                  std::make_unique<proxy::FlowRecord>(session_, "-", loop_.now().mono), why);
    loop_.retire(*this);
  }

  void onData(MutableBytes) override {}
  void onEnd() override {}
  void onRoom() override {}
  void onClosed(std::error_code) override {
    if (std::exchange(done_, true)) return;
    resolving_.reset();
    loop_.retire(*this);
  }

  FlowDispatcher& dispatcher_;
  proxy::Session session_;
  StreamPtr visitor_;
  Loop& loop_;
  HandlePtr resolving_;
  bool done_ = false;
};

void FlowDispatcher::setPlan(std::shared_ptr<const Plan> plan) {
  const std::lock_guard<std::mutex> lock(mutex_);
  plan_.swap(plan);
}

std::shared_ptr<const Plan> FlowDispatcher::plan() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return plan_;
}

void FlowDispatcher::dispatch(proxy::Session session, StreamPtr visitor, Loop& here) {
  const std::shared_ptr<const Plan> plan = this->plan();
  const routing::Verdict verdict = plan->router.judge(session);
  if (verdict.kind == routing::Verdict::Kind::NeedsAddresses) {
    return Lookup::start(*this, std::move(session), std::move(visitor), here);
  }
  give(plan, verdict, std::move(session), std::move(visitor), here);
}

void FlowDispatcher::give(const std::shared_ptr<const Plan>& plan, routing::Verdict verdict,
                          proxy::Session session, StreamPtr visitor, Loop& here) {
  const bool ruled = verdict.kind == routing::Verdict::Kind::Rule;
  const bool fromTunnel = plan->tunnelTags.contains(session.inbound->tag);
  const Plan::Target* target = nullptr;
  if (isPseudoName(session.target)) {
    target = nullptr;
  } else if (ruled) {
    target = plan->find(plan->router.rule(verdict.rule).outboundTag());
    session.publicOnly = fromTunnel && !plan->router.rule(verdict.rule).namesAddresses();
  } else if (!fromTunnel || (plan->fallback && !plan->fallback->portalDomain.empty())) {
    target = plan->fallback;
  }

  const Clock::time_point now = here.now().mono;
  if (!target || target->closes) plan->notices.note(session, now);
  if (Log::isOn(LogLevel::Debug)) {
    log.debug('[', session.id, "] ", toString(session.target), " from ", sourceOf(session), " in ",
              session.inbound->tag, ": ",
              ruled ? "rule " + std::to_string(verdict.rule) : std::string("no rule"), ", ",
              target ? "outbound " + target->tag : std::string("closed"));
  }
  if (!target) {
    return proxy::refuse(std::move(visitor), std::make_unique<proxy::FlowRecord>(session, "-", now),
                         Errc::NoRoute);
  }

  session.inbound = owners_.of(session.inbound, target->outbound.get(), session.userKey);
  // A bridge's own tunnel, seen from the portal, is no flow that a stop has to wait for.
  proxy::Session seen = session;
  if (!target->portalDomain.empty() && session.target.isDomain() &&
      normalizedDomain(session.target.domain()) == target->portalDomain) {
    seen.link = true;
  }
  auto record = std::make_unique<proxy::FlowRecord>(seen, target->tag, now);

  Loop& home = target->outbound->home(session, here);
  if (&home == &here) {
    return target->outbound->open(std::move(session), std::move(visitor), std::move(record), here);
  }
  const auto parcel = std::make_shared<Parcel>();
  parcel->plan = plan;
  if (visitor->moveTo(home)) {
    parcel->visitor = std::move(visitor);
  } else {
    const Carries carries =
        session.target.network == Network::Udp ? Carries::Packets : Carries::ByteStream;
    auto [hither, thither] = makeFerry(here, home, carries);
    joinRelay(here, std::move(visitor), std::move(hither), proxy::relayOptions(session), nullptr);
    parcel->visitor = std::move(thither);
  }
  parcel->session = std::move(session);
  parcel->record = std::move(record);
  home.post([parcel, target, &home] {
    target->outbound->open(std::move(parcel->session), std::move(parcel->visitor),
                           std::move(parcel->record), home);
  });
}

void FlowDispatcher::acceptMux(proxy::Session session, StreamPtr stream, Loop& here) {
  const void* const owner = owners_.of(session.inbound, nullptr, session.userKey)->owner;
  MuxCarrier::start(*this, owner, std::move(session), std::move(stream), mux_, here);
}

}  // namespace culvert::app

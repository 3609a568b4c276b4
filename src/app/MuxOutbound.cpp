#include "app/MuxOutbound.h"

#include "base/Errc.h"
#include "mux/MuxClient.h"
#include "net/Crossover.h"
#include "net/Relay.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace culvert::app {
namespace {

constexpr const char* kMuxHost = "v1.mux.cool";
constexpr std::uint16_t kMuxPort = 9527;

mux::LinkOptions carrierOptions() {
  mux::LinkOptions options;
  options.probes = mux::Probes::Off;
  options.idleClose = std::chrono::seconds(30);
  return options;
}

}  // namespace

/// What the connections share; they keep it alive.
struct MuxOutbound::Pool {
  Pool(std::shared_ptr<proxy::Outbound> itsInner, std::size_t most, mux::Environment& shared)
      : inner(std::move(itsInner)), concurrency(most), environment(shared) {}

  const std::shared_ptr<proxy::Outbound> inner;
  const std::size_t concurrency;
  mux::Environment& environment;
  std::shared_ptr<proxy::InboundInfo> info;  ///< of the connections themselves

  /// This loop's connections; touched on its thread only.
  std::vector<Carrier*>& of(Loop& loop) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return carriers_[&loop];
  }

 private:
  std::mutex mutex_;
  std::map<Loop*, std::vector<Carrier*>>
      carriers_;  ///< guarded by mutex_; its elements stay where they are
};

class MuxOutbound::Carrier final : public Root, private mux::LinkHandler {
 public:
  static Carrier& start(const std::shared_ptr<Pool>& pool, Loop& loop) {
    auto [ours, theirs] = makeCrossover(loop);
    Carrier& carrier =
        loop.adopt(std::unique_ptr<Carrier>(new Carrier(pool, loop, std::move(ours))));
    pool->of(loop).push_back(&carrier);
    carrier.client_.start();

    proxy::Session session;
    session.id = proxy::nextSessionId();
    session.inbound = pool->info;
    session.target = {Network::Tcp, std::string(kMuxHost), kMuxPort};
    session.link = true;
    auto record = std::make_unique<proxy::FlowRecord>(session, "mux", loop.now().mono);
    session.link = false;  // a link is kept from the record's count only
    pool->inner->open(std::move(session), std::move(theirs), std::move(record), loop);
    return carrier;
  }
  ~Carrier() override {
    std::vector<Carrier*>& all = pool_->of(loop_);
    all.erase(std::remove(all.begin(), all.end(), this), all.end());
  }

  [[nodiscard]] bool hasRoom() const {
    return !closed_ && client_.sessionCount() < pool_->concurrency &&
           client_.sessionsEver() < kMostEver;
  }
  StreamPtr openSession(const Destination& target) { return client_.openSession(target); }

  void stop(std::error_code why) override { client_.close(why); }
  [[nodiscard]] const void* owner() const noexcept override { return pool_->info->owner; }

 private:
  Carrier(std::shared_ptr<Pool> pool, Loop& loop, StreamPtr stream)
      : pool_(std::move(pool)),
        loop_(loop),
        client_(loop, std::move(stream), *this, pool_->environment, carrierOptions()) {}

  void onLinkClosed(std::error_code) override {
    closed_ = true;
    loop_.retire(*this);
  }

  const std::shared_ptr<Pool> pool_;
  Loop& loop_;
  mux::MuxClient client_;
  bool closed_ = false;
};

MuxOutbound::MuxOutbound(std::shared_ptr<proxy::Outbound> inner, std::size_t concurrency,
                         mux::Environment& environment)
    : pool_(std::make_shared<Pool>(std::move(inner), concurrency, environment)) {
  pool_->info = std::make_shared<proxy::InboundInfo>();
  pool_->info->tag = "mux";
  pool_->info->protocol = "mux";
  pool_->info->owner = this;
}

MuxOutbound::~MuxOutbound() = default;

void MuxOutbound::open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr record,
                       Loop& here) {
  if (session.link)
    return pool_->inner->open(std::move(session), std::move(visitor), std::move(record), here);
  StreamPtr stream;
  for (Carrier* carrier : pool_->of(here)) {
    if (carrier->hasRoom()) stream = carrier->openSession(session.target);
    if (stream) break;
  }
  if (!stream) stream = Carrier::start(pool_, here).openSession(session.target);
  if (!stream) return proxy::refuse(std::move(visitor), std::move(record), Errc::LinkLost);
  joinRelay(here, std::move(visitor), std::move(stream), proxy::relayOptions(session),
            std::move(record));
}

std::vector<std::string> MuxOutbound::reach() const {
  return pool_->inner->reach();
}

}  // namespace culvert::app

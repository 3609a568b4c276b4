// Portal and bridge in one process: links and targets are joined by crossovers, the dispatcher is
// played by the test, time stands still until told.
#pragma once

#include "mux/MuxBench.h"
#include "proxy/Inbound.h"
#include "reverse/Bridge.h"
#include "reverse/Control.h"
#include "reverse/Portal.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace culvert::reverse::test {

using namespace culvert::mux::test;
namespace option = mux::option;
using mux::Health;
using mux::SessionId;
using mux::SessionIds;
using mux::Status;

inline const std::string kDomain = "private.cloud.com";

/// Two streams joined by hand: can be cut, or swallow everything while both ends believe it is
/// there.
class Hose final : public Root {
 public:
  Hose(Loop& loop, StreamPtr a, StreamPtr b) : loop_(loop), a_(*this), b_(*this) {
    a_.stream = std::move(a);
    b_.stream = std::move(b);
  }
  ~Hose() override { *self = nullptr; }
  void start() {
    for (End* end : {&a_, &b_}) {
      end->stream->attach(*end);
      end->stream->resume();
    }
  }
  void cut() {
    if (std::exchange(over, true)) return;
    a_.stream.reset();
    b_.stream.reset();
    loop_.retire(*this);
  }
  void stop(std::error_code) override { cut(); }

  bool silent = false, over = false;
  const std::shared_ptr<Hose*> self = std::make_shared<Hose*>(this);  ///< emptied when this is gone

 private:
  struct End final : Receiver {
    explicit End(Hose& itsHose) : hose(itsHose) {}
    End& peer() { return this == &hose.a_ ? hose.b_ : hose.a_; }
    void onData(MutableBytes data) override {
      if (hose.silent) return;
      const Bytes bytes(data);
      if (peer().stream->send(bytes) == Flow::Full) stream->pause();
    }
    void onEnd() override { peer().stream->end(); }
    void onRoom() override { peer().stream->resume(); }
    void onClosed(std::error_code why) override {
      closed = true;
      if (why && !peer().closed) peer().stream->abort();
      if (why || peer().closed) {
        hose.over = true;
        hose.loop_.retire(hose);
      }
    }
    Hose& hose;
    StreamPtr stream;
    bool closed = false;
  };
  Loop& loop_;
  End a_, b_;
};

/// A visitor's own end of its connection.
struct VisitorEnd : EndOfSession {
  using EndOfSession::EndOfSession;
};

/// Answers what a bridge dispatches: links go to the portal, visitors to targets that may answer by
/// themselves.
class World : public proxy::Dispatcher {
 public:
  explicit World(PortalSettings portalSettings = {}, std::size_t bridgeCount = 1) {
    randomness().seed(1);
    portalSettings.tag = "portal";
    portalSettings.domain = kDomain;
    portal =
        std::make_unique<Portal>(std::move(portalSettings), std::vector<Loop*>{&loop}, environment);
    for (std::size_t i = 0; i < bridgeCount; ++i) addBridge();
  }
  virtual ~World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Bridge& addBridge() {
    bridges.push_back(std::make_unique<Bridge>(
        BridgeSettings{.tag = "bridge", .domain = kDomain, .peer = "vps:16823"}, bridgeInfo,
        std::vector<Loop*>{&loop}, *this, environment));
    bridges.back()->start();
    return *bridges.back();
  }

  void dispatch(proxy::Session session, StreamPtr stream, Loop& here) override {
    if (!session.link) {
      targets.push_back({session, EndOfSession(std::move(stream))});
      if (onTarget) onTarget(targets.back());
      return;
    }
    dials.push_back(here.now().mono);
    EXPECT_EQ(session.target, (Destination{Network::Tcp, kDomain, 0}));
    EXPECT_EQ(session.inbound, bridgeInfo);
    if (refuseLinks) return;  // the stream dies: a reset
    if (swallowLinks) {
      swallowed.push_back(std::move(stream));
      return;
    }
    auto [outside, inside] = makeCrossover(loop);
    Hose& hose = loop.adopt(std::make_unique<Hose>(loop, std::move(stream), std::move(outside)));
    hoses.push_back(hose.self);
    hose.start();
    proxy::Session registration;
    registration.id = proxy::nextSessionId();
    registration.inbound = tunnelInfo;
    registration.user = user;
    registration.userKey = user;
    registration.target = {Network::Tcp, kDomain, 0};
    portal->open(std::move(registration), std::move(inside), nullptr, loop);
  }

  proxy::Session visitorSession(const Destination& target) const {
    proxy::Session session;
    session.id = proxy::nextSessionId();
    session.inbound = externalInfo;
    session.source = Endpoint{*Ip::parse("203.0.113.7"), 51234};
    session.local = Endpoint{*Ip::parse("192.0.2.1"), 80};
    session.target = target;
    return session;
  }
  /// A visitor of the portal; what it hears is in `heard`.
  EndOfSession visit(const Destination& target = tcp("127.0.0.1", 80)) {
    auto [outside, inside] = makeCrossover(
        loop, target.network == Network::Udp ? Carries::Packets : Carries::ByteStream);
    EndOfSession visitor(std::move(outside));
    portal->open(visitorSession(target), std::move(inside), nullptr, loop);
    loop.run();
    return visitor;
  }
  void settle(Clock::duration time = 1s) { loop.advance(time); }
  /// Resets link `i` at both ends, if it is still there.
  void cut(std::size_t i) {
    if (*hoses[i]) (*hoses[i])->cut();
    loop.run();
  }
  /// From now on link `i` swallows everything.
  void silence(std::size_t i) {
    if (*hoses[i]) (*hoses[i])->silent = true;
  }
  std::size_t liveLinks() const {
    std::size_t live = 0;
    for (const LinkStatus& link : portal->links()) live += link.state == "live";
    return live;
  }

  struct Target {
    proxy::Session session;
    EndOfSession end;
  };

  mux::Environment environment{fillRandom};  // outlives all links, as do the logs of scripted ones
  std::deque<StreamLog> logs;
  ManualLoop loop;
  const std::shared_ptr<const proxy::InboundInfo> tunnelInfo = std::make_shared<proxy::InboundInfo>(
      proxy::InboundInfo{"tunnel", "vmess", true, {}, nullptr});
  const std::shared_ptr<const proxy::InboundInfo> externalInfo =
      std::make_shared<proxy::InboundInfo>(
          proxy::InboundInfo{"external", "dokodemo-door", false, {}, nullptr});
  const std::shared_ptr<const proxy::InboundInfo> bridgeInfo = std::make_shared<proxy::InboundInfo>(
      proxy::InboundInfo{"bridge", "bridge", false, {}, nullptr});
  std::string user = "nas1";
  bool refuseLinks = false, swallowLinks = false;
  std::vector<StreamPtr> swallowed;
  std::vector<Clock::time_point> dials;
  std::vector<std::shared_ptr<Hose*>> hoses;  ///< of all links so far
  std::deque<Target> targets;
  std::function<void(Target&)> onTarget;
  std::unique_ptr<Portal> portal;
  std::vector<std::unique_ptr<Bridge>> bridges;
};

/// A bridge played by hand: the link's stream at the portal is a FakeStream.
class ScriptedBridge {
 public:
  explicit ScriptedBridge(World& world, std::string user = "nas1")
      : log(world.logs.emplace_back()), world_(world) {
    auto stream = std::make_unique<FakeStream>(world.loop, log);
    wire = stream.get();
    proxy::Session session;
    session.inbound = world.tunnelInfo;
    session.user = session.userKey = std::move(user);
    session.target = {Network::Tcp, kDomain, 0};
    world.portal->open(std::move(session), std::move(stream), nullptr, world.loop);
    world.loop.run();
  }
  void hear(const std::string& frames) {
    wire->inject(frames);
    world_.loop.run();
  }
  /// What the portal said since the last call, without probes.
  std::vector<Spoken> said() {
    std::vector<Spoken> frames;
    std::string wireText = std::exchange(log.sent, {});
    for (Spoken& spoken : framesOf(std::move(wireText))) {
      if (spoken.head.id >= SessionIds::kFirstProbe) {
        probes.push_back(spoken.head.id);
      } else {
        frames.push_back(std::move(spoken));
      }
    }
    return frames;
  }
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    for (const Spoken& spoken : said()) lines.push_back(spoken.line);
    return lines;
  }
  /// As every bridge does: End for ids it does not know.
  void answerProbes() {
    for (Spoken& spoken : said()) kept.push_back(std::move(spoken));
    std::string answers;
    for (const SessionId id : std::exchange(probes, {})) answers += frame(id, Status::End);
    if (!answers.empty()) hear(answers);
  }
  /// Lets time pass as a healthy bridge.
  void live(Clock::duration time) {
    for (; time > 0s; time -= 500ms) {
      world_.loop.advance(500ms);
      if (!log.destroyed) answerProbes();
    }
  }

  StreamLog& log;
  FakeStream* wire = nullptr;
  std::vector<SessionId> probes;
  std::vector<Spoken> kept;  ///< what answerProbes() passed over

 private:
  World& world_;
};

}  // namespace culvert::reverse::test

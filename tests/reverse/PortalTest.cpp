#include "reverse/Names.h"
#include "reverse/Nonces.h"
#include "reverse/Portal.h"
#include "reverse/World.h"
#include "support/LogLines.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace culvert::reverse::test {
namespace {

using Lines = std::vector<std::string>;

/// A world without a bridge of its own.
struct PortalBench : World {
  explicit PortalBench(PortalSettings settings = {}) : World(std::move(settings), 0) {}
  ManualLoop second;
};

Control controlIn(const Spoken& spoken) {
  return parseControl(asBytes(spoken.data)).value();
}

TEST(Portal, OpensTheControlSessionThenAsksForProofs) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  EXPECT_TRUE(bridge.log.isLink);
  const std::vector<Spoken> frames = bridge.said();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].head.id, 1);
  EXPECT_EQ(frames[0].head.address, (Destination{Network::Udp, "reverse.internal.v2fly.org", 0}));
  const Control control = controlIn(frames[0]);
  EXPECT_EQ(control.features, feature::kAll);
  EXPECT_EQ(control.beatMilliseconds, 2000u);
  EXPECT_EQ(bridge.probes.size(), 2u);
}

TEST(Portal, GivesNoVisitorToALinkThatHasNotProvedItself_RPL_7) {
  PortalBench bench;
  ScriptedBridge replayed(bench);
  const EndOfSession visitor = bench.visit();
  EXPECT_EQ(bench.portal->parked(), 1u);
  bench.loop.advance(9s);
  for (const std::string& line : replayed.lines()) EXPECT_EQ(line.find("new 2"), std::string::npos);
  bench.loop.advance(2s);
  EXPECT_TRUE(visitor.heard->closed);
  EXPECT_TRUE(replayed.log.destroyed);
  EXPECT_TRUE(bench.portal->links().empty());
}

TEST(Portal, PutsVisitorsOnAV2RayBridge) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  const EndOfSession visitor = bench.visit(tcp("127.0.0.1", 80));
  visitor.send("GET /");
  bench.loop.run();
  const std::vector<Spoken> frames = bridge.said();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].line, "new 2");
  EXPECT_EQ(frames[0].head.address, tcp("127.0.0.1", 80));
  EXPECT_EQ(frames[1].data, "GET /");
  bridge.hear(keep(2, "200 OK") + frame(2, Status::End));
  EXPECT_EQ(visitor.heard->received, "200 OK");
  EXPECT_TRUE(visitor.heard->ended);
}

TEST(Portal, SpreadsVisitorsOverLinksThatHaveRestedAlike_F_POWER) {
  for (int tenth = 0; tenth < 20; ++tenth) {  // at each moment between two beats
    PortalBench bench;
    ScriptedBridge first(bench), second(bench);
    for (int i = 0; i < 40 + tenth; ++i) {
      bench.loop.advance(100ms);
      first.answerProbes();
      second.answerProbes();
    }
    const EndOfSession one = bench.visit(), another = bench.visit();
    EXPECT_EQ(first.lines(), Lines{"new 2"}) << tenth;
    EXPECT_EQ(second.lines(), Lines{"new 2"}) << tenth;
  }
}

TEST(Portal, SpreadsACrowdThoughItsFirstAreSeenToBeBulk) {
  PortalBench bench;
  ScriptedBridge first(bench), second(bench);
  first.answerProbes();
  second.answerProbes();
  std::vector<EndOfSession> visitors;
  const auto come = [&](int count) {
    for (int i = 0; i < count; ++i) visitors.push_back(bench.visit());
    return std::pair(first.lines().size(), second.lines().size());
  };
  EXPECT_EQ(come(2), std::pair(std::size_t{1}, std::size_t{1}));
  for (int i = 0; i < 10; ++i) first.hear(keep(2, std::string(60'000, 'x')));
  EXPECT_EQ(come(6), std::pair(std::size_t{3}, std::size_t{3}));
  bench.loop.advance(mux::MuxLink::kSettleTime + Loop::kTick);
  EXPECT_EQ(come(3), std::pair(std::size_t{0}, std::size_t{3})) << "now it keeps others away";
}

TEST(Portal, PutsTheNextVisitorWhereBulkWentLastOnALongPath) {
  for (const auto roundTrip : {1ms, 40ms}) {
    PortalBench bench;
    ScriptedBridge first(bench), second(bench);
    bench.loop.advance(roundTrip);
    first.answerProbes();
    second.answerProbes();
    {
      const EndOfSession one = bench.visit(), two = bench.visit();
      for (int i = 0; i < 10; ++i) second.hear(keep(2, std::string(60'000, 'x')));
      first.hear(frame(2, Status::End));
      second.hear(frame(2, Status::End));
    }
    bench.loop.run();
    first.lines();
    second.lines();
    const EndOfSession next = bench.visit();
    const bool isFirst = first.lines() == Lines{"new 3"},
               isSecond = second.lines() == Lines{"new 3"};
    EXPECT_NE(isFirst, isSecond);
    EXPECT_EQ(isSecond, roundTrip == 40ms);
  }
}

TEST(Portal, RegistersOnlyFromInboundsThatAuthenticate_PORT_1) {
  PortalBench bench;
  for (const bool sniffed : {false, true}) {
    StreamLog& log = bench.logs.emplace_back();
    proxy::Session session;
    session.inbound = sniffed ? bench.tunnelInfo : bench.externalInfo;
    session.sniffed = sniffed;
    session.target = {Network::Tcp, kDomain, 80};
    bench.portal->open(std::move(session), std::make_unique<FakeStream>(bench.loop, log), nullptr,
                       bench.loop);
    bench.loop.run();
    EXPECT_EQ(log.sent, "");
    EXPECT_TRUE(log.aborted || log.destroyed);
  }
  EXPECT_TRUE(bench.portal->links().empty());
}

TEST(Portal, RegistersOnlyTheUsersBoundToIt_PORT_2) {
  PortalBench bench(PortalSettings{.users = {"nas1"}});
  ScriptedBridge stranger(bench, "nas2"), owner(bench, "nas1");
  EXPECT_EQ(stranger.log.sent, "");
  EXPECT_NE(owner.log.sent, "");
  EXPECT_EQ(bench.portal->links().size(), 1u);
}

TEST(Portal, TakesNoBridgeThatWritesItsDomainInOtherLetters) {
  PortalBench bench;
  StreamLog& log = bench.logs.emplace_back();
  proxy::Session session;
  session.inbound = bench.tunnelInfo;
  session.target = {Network::Tcp, "PRIVATE.cloud.com", 0};
  bench.portal->open(std::move(session), std::make_unique<FakeStream>(bench.loop, log), nullptr,
                     bench.loop);
  bench.loop.run();
  EXPECT_TRUE(bench.portal->links().empty());
  EXPECT_EQ(bench.portal->parked(), 0u);  // nor for a visitor: rules do not tell the two apart
  EXPECT_TRUE(log.destroyed || log.aborted);
}

TEST(Portal, RefusesControlNamesAsTargets) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  for (const std::string_view name : kControlNames) {
    const EndOfSession visitor = bench.visit({Network::Udp, std::string(name), 0});
    EXPECT_TRUE(visitor.heard->closed) << name;
  }
  EXPECT_EQ(bridge.lines(), Lines{});
}

TEST(Portal, LimitsTheLinksOfABridge_LIM_6) {
  PortalBench bench;
  std::deque<ScriptedBridge> bridges;
  for (int i = 0; i < 33; ++i) bridges.emplace_back(bench);
  EXPECT_EQ(bench.portal->links().size(), 32u);
  EXPECT_EQ(bridges.back().log.sent, "");
  ScriptedBridge other(bench, "nas2");
  EXPECT_NE(other.log.sent, "");
}

TEST(Portal, ParksVisitorsUntilALinkHasAnswered_LIM_11) {
  PortalBench bench;
  std::vector<EndOfSession> visitors;
  for (int i = 0; i < 3; ++i) {
    visitors.push_back(bench.visit(tcp("h" + std::to_string(i))));
    visitors.back().send("early " + std::to_string(i));
  }
  bench.loop.advance(5s);
  EXPECT_EQ(bench.portal->parked(), 3u);
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  EXPECT_EQ(bench.portal->parked(), 0u);
  const std::vector<Spoken> frames = bridge.said();
  std::vector<std::string> data;
  for (const Spoken& spoken : frames) {
    if (spoken.head.status == Status::Keep) data.push_back(spoken.data);
  }
  EXPECT_EQ(data, (Lines{"early 0", "early 1", "early 2"}));  // in the order they came
}

TEST(Portal, RefusesThe257thParkedVisitorAndEachAfterTenSeconds_LIM_11) {
  PortalBench bench;
  std::vector<EndOfSession> visitors;
  for (int i = 0; i < 257; ++i) visitors.push_back(bench.visit());
  EXPECT_EQ(bench.portal->parked(), 256u);
  EXPECT_TRUE(visitors.back().heard->closed);
  bench.loop.advance(9800ms);
  EXPECT_FALSE(visitors.front().heard->closed);
  bench.loop.advance(500ms);
  EXPECT_TRUE(visitors.front().heard->closed);
  EXPECT_EQ(bench.portal->parked(), 0u);
}

TEST(Portal, BeatsEveryTwoSecondsAndProbesASilentBridge) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  bridge.said();
  bridge.live(20s);
  const auto beats =
      std::count_if(bridge.kept.begin(), bridge.kept.end(),
                    [](const Spoken& spoken) { return spoken.line.starts_with("keep 1 "); });
  EXPECT_NEAR(static_cast<double>(beats), 10, 1);
  EXPECT_EQ(bench.liveLinks(), 1u);
}

TEST(Portal, TriesTheOtherNamesAndRemembersWhatWorked) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.said();
  bridge.hear(frame(1, Status::End, option::kError));
  std::vector<Spoken> frames = bridge.said();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].head.id, 2);
  EXPECT_EQ(frames[0].head.address->domain(), "reverse.internal.v2ray.com");
  for (const SessionId id : std::exchange(bridge.probes, {})) bridge.hear(frame(id, Status::End));
  bridge.live(12s);
  EXPECT_EQ(bench.liveLinks(), 1u);

  ScriptedBridge second(bench);
  frames = second.said();
  EXPECT_EQ(frames[0].head.address->domain(), "reverse.internal.v2ray.com");
  ScriptedBridge other(bench, "nas2");
  EXPECT_EQ(other.said()[0].head.address->domain(), "reverse.internal.v2fly.org");
}

TEST(Portal, KeepsALinkThatUnderstandsNoName) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  for (SessionId id = 1; id <= 3; ++id) bridge.hear(frame(id, Status::End, option::kError));
  Lines lines;
  for (const Spoken& spoken : bridge.said()) lines.push_back(spoken.line);
  EXPECT_EQ(lines.size(), 2u);  // two more names, then no more
  bridge.live(60s);
  EXPECT_EQ(bench.liveLinks(), 1u);
  const EndOfSession visitor = bench.visit();
  EXPECT_FALSE(bridge.lines().empty());
}

TEST(Portal, AgreesOnFeaturesBeforeTheFirstVisitor) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.said();
  Buffer answer;
  append(answer, Control{.features = 0x07 | 0x40, .instance = std::string(16, 'i')});
  bridge.hear(keep(1, asText(answer.view())));
  for (const SessionId id : std::exchange(bridge.probes, {})) bridge.hear(frame(id, Status::End));
  const EndOfSession visitor = bench.visit();
  visitor.stream->end();
  bench.loop.run();
  const std::string wire = bridge.log.sent;
  const std::vector<Spoken> frames = bridge.said();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].line, "keep+half 2");
  EXPECT_NE(wire.find(wireOf("01 c822 01 cb007107 01 0050 01 c0000201")),
            std::string::npos);  // where it came from
}

TEST(Portal, SendsNoAddressesToStrangers) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  bench.visit();
  EXPECT_EQ(bridge.log.sent, newFrame(2, tcp("127.0.0.1", 80)));
}

TEST(Portal, ClosesALinkThatAnswersTooLate) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  Buffer answer;
  append(answer, Control{.features = 0x07});
  bridge.hear(keep(1, asText(answer.view())));
  EXPECT_TRUE(bench.portal->links().empty());
}

TEST(Portal, ClosesALinkForAControlMessageThatIsNone_PORT_6) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.hear(keep(1, "\x0b"));
  EXPECT_TRUE(bench.portal->links().empty());
}

TEST(Portal, TakesNoVisitorsToASuspectV2RayBridgeAndGoesOnWhenItAnswers_F_TUPLE) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  const EndOfSession running = bench.visit();
  bench.loop.advance(6s);
  EXPECT_EQ(bench.portal->links()[0].state, "suspect");
  const EndOfSession parked = bench.visit();
  EXPECT_EQ(bench.portal->parked(), 1u);
  bench.loop.advance(3s);
  EXPECT_FALSE(running.heard->closed);  // a V2Ray is never dead by silence
  bridge.answerProbes();
  EXPECT_EQ(bench.portal->links()[0].state, "live");
  EXPECT_EQ(bench.portal->parked(), 0u);
}

TEST(Portal, DropsALinkTheMomentItEnds_F_RST) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  const EndOfSession visitor = bench.visit();
  bridge.wire->injectClosed(Errc::Reset);
  bench.loop.run();
  EXPECT_TRUE(bench.portal->links().empty());
  EXPECT_EQ(visitor.heard->closed, code(Errc::Reset));
  bench.visit();
  EXPECT_EQ(bench.portal->parked(), 1u);
}

TEST(Portal, AsksForAnotherLinkInTimeAndUsesTheOldOneOnlyMeanwhile_CRY_2) {
  PortalBench bench(PortalSettings{.retireAt = 1000});
  ScriptedBridge old(bench);
  old.answerProbes();
  for (int i = 0; i < 1000; ++i) {
    const EndOfSession visitor = bench.visit();
    if (i % 400 == 0) old.live(500ms);
    old.log.sent.clear();
  }
  const EndOfSession running = bench.visit();
  old.live(3s);
  const auto drained = std::find_if(old.kept.begin(), old.kept.end(), [](const Spoken& spoken) {
    return spoken.line.starts_with("keep 1 ") && controlIn(spoken).state == Control::State::Drain;
  });
  ASSERT_NE(drained, old.kept.end());
  EXPECT_EQ((drained + 1)->line, "end 1");
  EXPECT_EQ(bench.portal->links()[0].state, "retiring");

  old.said();
  const EndOfSession meanwhile = bench.visit();
  EXPECT_FALSE(old.lines().empty());
  ScriptedBridge fresh(bench);
  fresh.answerProbes();
  const EndOfSession next = bench.visit();
  EXPECT_TRUE(old.lines().empty());
  EXPECT_FALSE(fresh.lines().empty());

  // The old one goes when its last session has ended.
  old.hear(frame(framesOf(newFrame(1, tcp("a")))[0].head.id, Status::End));
  EXPECT_EQ(bench.portal->links().size(), 2u);
  running.stream->abort();
  meanwhile.stream->abort();
  old.live(5s);
  EXPECT_EQ(bench.portal->links().size(), 1u);
}

TEST(Portal, CountsTheChunksOfItsLinks_CRY_2) {
  struct Metered final : Stream {
    explicit Metered(StreamPtr stream) : below(std::move(stream)) {}
    using Stream::send;
    Flow send(Pieces pieces) override {
      below->attach(upper());
      return below->send(pieces);
    }
    void end() override { below->end(); }
    void abort() override { below->abort(); }
    void pause() override { below->pause(); }
    void resume() override {
      below->attach(upper());
      below->resume();
    }
    bool moveTo(Loop& home) override { return below->moveTo(home); }
    void beLink() override {}
    WireMeter meter() const noexcept override { return {1, sealed}; }
    std::size_t queued() const noexcept override { return 0; }
    StreamPtr below;
    std::uint64_t sealed = 1;
  };
  const culvert::test::LogLines said("reverse");
  PortalBench bench;
  StreamLog& log = bench.logs.emplace_back();
  auto fake = std::make_unique<FakeStream>(bench.loop, log);
  FakeStream& wire = *fake;
  auto metered = std::make_unique<Metered>(std::move(fake));
  Metered& meter = *metered;
  proxy::Session session;
  session.inbound = bench.tunnelInfo;
  session.target = {Network::Tcp, kDomain, 0};
  bench.portal->open(std::move(session), std::move(metered), nullptr, bench.loop);
  bench.loop.run();
  for (const SessionId id : probesIn(std::exchange(log.sent, {})))
    wire.inject(frame(id, Status::End));
  bench.loop.run();
  meter.sealed = PortalSettings{}.retireAt - 1;
  bench.loop.advance(2100ms);
  EXPECT_EQ(bench.portal->links()[0].state, "live");
  meter.sealed = PortalSettings{}.retireAt;
  bench.loop.advance(2100ms);
  EXPECT_EQ(bench.portal->links()[0].state, "retiring");
  meter.sealed = Nonces::kAll;
  bench.loop.advance(2100ms);
  EXPECT_EQ(said.count("nonces"), 0u);
  meter.sealed = Nonces::kAll + 1;
  bench.loop.advance(2100ms);
  bench.loop.advance(2100ms);
  EXPECT_EQ(said.count("nonces"), 1u) << "once for a link";
}

TEST(Portal, AsksAV2RayBridgeForAnotherLinkWhenASleeperBurdensTheOnlyOne_F_SLOW) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  EndOfSession sleeper = bench.visit();
  sleeper.stream->pause();
  for (int i = 0; i < 12; ++i) bridge.hear(keep(2, std::string(60'000, 'x')));
  bench.loop.advance(2500ms);
  EXPECT_EQ(bench.portal->links()[0].state, "retiring");
  EXPECT_TRUE(bridge.log.paused);  // alone on its link: held
  ScriptedBridge fresh(bench);
  fresh.answerProbes();
  const EndOfSession other = bench.visit();
  EXPECT_FALSE(fresh.lines().empty());
  EXPECT_FALSE(sleeper.heard->closed);
}

TEST(Portal, DoubtsTheLinksOfAFormerProcess_F_POWER) {
  PortalBench bench;
  const auto connect = [&](ScriptedBridge& bridge, char instance) {
    bridge.said();
    Buffer answer;
    append(answer, Control{.features = 0x07, .instance = std::string(16, instance)});
    bridge.hear(keep(1, asText(answer.view())));
    for (const SessionId id : std::exchange(bridge.probes, {})) bridge.hear(frame(id, Status::End));
  };
  ScriptedBridge dead(bench), live(bench), fresh(bench);
  connect(dead, 'a');
  connect(live, 'b');
  dead.answerProbes();
  ASSERT_EQ(bench.liveLinks(), 2u);
  connect(fresh, 'c');
  EXPECT_EQ(bench.portal->links()[0].state, "suspect");
  live.answerProbes();
  EXPECT_EQ(bench.portal->links()[1].state, "live");  // a second process goes on sharing (PORT-4)
  for (int i = 0; i < 20; ++i) bench.visit();
  EXPECT_EQ(dead.lines(), Lines{});
}

TEST(Portal, ServesWhatRunsOnALinkItsBridgeGivesUp) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.said();
  Buffer answer;
  append(answer, Control{.features = 0x07, .instance = std::string(16, 'i')});
  bridge.hear(keep(1, asText(answer.view())));
  for (const SessionId id : std::exchange(bridge.probes, {})) bridge.hear(frame(id, Status::End));
  const EndOfSession running = bench.visit();
  Buffer drain;
  append(drain, Control{.state = Control::State::Drain});
  bridge.hear(keep(1, asText(drain.view())));
  bench.visit();
  EXPECT_EQ(bench.portal->parked(), 1u);  // nothing new there, not even for want of others
  bridge.hear(keep(2, "still here"));
  EXPECT_EQ(running.heard->received, "still here");
  running.stream->abort();
  bridge.live(3s);
  EXPECT_TRUE(bridge.log.ended);
}

TEST(Portal, MovesVisitorsToTheLoopOfTheirLink) {
  PortalBench bench;
  ManualLoop& other = bench.second;
  Portal portal(PortalSettings{.tag = "portal", .domain = kDomain}, {&bench.loop, &other},
                bench.environment);
  StreamLog& linkLog = bench.logs.emplace_back();
  auto link = std::make_unique<FakeStream>(other, linkLog);
  FakeStream& wire = *link;
  proxy::Session registration;
  registration.inbound = bench.tunnelInfo;
  registration.target = {Network::Tcp, kDomain, 0};
  portal.open(std::move(registration), std::move(link), nullptr, other);
  other.run();
  for (const SessionId id : probesIn(std::exchange(linkLog.sent, {})))
    wire.inject(frame(id, Status::End));
  other.run();

  EXPECT_EQ(&portal.home(bench.visitorSession(tcp("a")), bench.loop), &other);
  StreamLog& visitorLog = bench.logs.emplace_back();
  portal.open(bench.visitorSession(tcp("a")), std::make_unique<FakeStream>(bench.loop, visitorLog),
              nullptr, bench.loop);
  EXPECT_EQ(visitorLog.movedTo, &other);
  other.run();
  EXPECT_EQ(linesOf(std::exchange(linkLog.sent, {})), Lines{"new 2"});

  // A stream that cannot move is ferried.
  auto pinned = makeCrossover(bench.loop);
  const EndOfSession visitor(std::move(pinned.first));
  portal.open(bench.visitorSession(tcp("b")), std::move(pinned.second), nullptr, bench.loop);
  visitor.send("over the ferry");
  for (int i = 0; i < 3; ++i) {
    bench.loop.run();
    other.run();
  }
  EXPECT_EQ(linesOf(std::exchange(linkLog.sent, {})), (Lines{"new 3", "keep 3 14 bytes"}));
  wire.inject(keep(3, "and back"));
  for (int i = 0; i < 3; ++i) {
    other.run();
    bench.loop.run();
  }
  EXPECT_EQ(visitor.heard->received, "and back");
  other.stopRoots(nullptr, Errc::Stopped);
  other.run();
  bench.loop.run();
}

TEST(Portal, SpreadsLinksOverTheLoops) {
  PortalBench bench;
  ManualLoop& other = bench.second;
  Portal portal(PortalSettings{.tag = "portal", .domain = kDomain}, {&bench.loop, &other},
                bench.environment);
  proxy::Session registration;
  registration.target = {Network::Tcp, kDomain, 0};
  const Loop* const first = &portal.home(registration, bench.loop);
  const Loop* const second = &portal.home(registration, bench.loop);
  EXPECT_NE(first, second);
}

TEST(Portal, KeepsADatagramFlowWhenItsLinkIsLost_F_UDPMUX) {
  PortalBench bench;
  ScriptedBridge first(bench), second(bench);
  first.answerProbes();
  const EndOfSession flow = bench.visit(udp("192.0.2.53"));
  flow.send("one");
  bench.loop.run();
  EXPECT_EQ(first.lines(), (Lines{"new 2", "keep 2 3 bytes"}));
  first.hear(keep(2, "1"));
  second.answerProbes();
  first.wire->injectClosed(Errc::Reset);
  bench.loop.run();
  EXPECT_FALSE(flow.heard->closed);
  flow.send("two");
  bench.loop.run();
  EXPECT_EQ(second.lines(), (Lines{"new 2", "keep 2 3 bytes"}));
  second.hear(keep(2, "2"));
  EXPECT_EQ(flow.heard->packets, (Lines{"1", "2"}));

  // No link at all: the newest datagrams wait.
  second.wire->injectClosed(Errc::Reset);
  bench.loop.run();
  flow.send("three");
  flow.send("four");
  bench.loop.advance(2s);
  ScriptedBridge third(bench);
  third.answerProbes();
  bench.loop.advance(1s);
  EXPECT_EQ(third.lines(), (Lines{"new 2", "keep 2 5 bytes", "keep 2 4 bytes"}));
}

TEST(Portal, TakesADatagramFlowOffASilentLink_F_UDPMUX) {
  PortalBench bench;
  ScriptedBridge silent(bench), live(bench);
  silent.answerProbes();
  const EndOfSession flow = bench.visit(udp("192.0.2.53"));
  flow.send("one");
  live.answerProbes();
  for (int i = 0; i < 14; ++i) {
    bench.loop.advance(500ms);
    live.answerProbes();
  }
  ASSERT_EQ(bench.portal->links()[0].state, "suspect");
  live.said();
  flow.send("two");
  bench.loop.run();
  EXPECT_EQ(live.lines(), (Lines{"new 2", "keep 2 3 bytes"}));
}

TEST(Portal, EndsADatagramFlowThatTheBridgeEnds) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  const EndOfSession flow = bench.visit(udp("192.0.2.53"));
  flow.send("one");
  bench.loop.run();
  bridge.hear(frame(2, Status::End, option::kError));
  EXPECT_TRUE(flow.heard->closed);
}

TEST(Portal, ForgetsADatagramFlowThatRests) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  const EndOfSession flow = bench.visit(udp("192.0.2.53"));
  flow.send("one");
  bench.loop.run();
  bridge.live(59s);
  EXPECT_FALSE(flow.heard->closed);
  bridge.live(2s);
  EXPECT_TRUE(flow.heard->closed);
}

TEST(Portal, StopsAndDrainsOnRequest_F_UPGRADE) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  const EndOfSession running = bench.visit();
  bench.portal->drain();
  bench.loop.run();
  EXPECT_EQ(bench.portal->links()[0].state, "closing");
  EXPECT_FALSE(running.heard->closed);
  bench.portal->stop(Errc::Stopped);
  bench.loop.run();
  EXPECT_TRUE(bench.portal->links().empty());
  EXPECT_TRUE(running.heard->closed);
}

TEST(Portal, LinksOutliveThePortalThatMadeThem_F_RELOAD) {
  PortalBench bench;
  ScriptedBridge bridge(bench);
  bridge.answerProbes();
  const EndOfSession running = bench.visit();
  bench.portal.reset();
  bridge.live(4s);
  bridge.hear(keep(2, "still here"));
  EXPECT_EQ(running.heard->received, "still here");
}

}  // namespace
}  // namespace culvert::reverse::test

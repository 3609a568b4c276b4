#include "reverse/Bridge.h"
#include "reverse/BridgeKeeper.h"
#include "reverse/World.h"
#include "support/LogLines.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace culvert::reverse::test {
namespace {

using Lines = std::vector<std::string>;

/// A bridge whose links end at the test: each dial is a stream on which the test plays the portal.
class BridgeBench final : public proxy::Dispatcher {
 public:
  struct Link {
    EndOfSession end;
    Clock::time_point dialled;
    bool culvert = false, greeted = false;
    Clock::time_point asked{};  ///< when it had no probe to answer last
    SessionId nextId = 2;
    /// What the bridge said since the last call, without probes.
    std::vector<std::string> said() { return linesOf(std::exchange(end.heard->received, {})); }
    [[nodiscard]] bool isOver() const { return end.heard->closed || end.heard->ended; }
  };

  explicit BridgeBench(BridgeSettings settings = {}) {
    randomness().seed(1);
    settings.tag = "bridge";
    settings.domain = kDomain;
    settings.peer = "vps:16823";
    bridge = std::make_unique<Bridge>(std::move(settings), info, std::vector<Loop*>{&loop}, *this,
                                      environment);
    bridge->start();
    loop.run();
  }
  void dispatch(proxy::Session session, StreamPtr stream, Loop& here) override {
    if (!session.link) {
      sessions.push_back(session);
      targets.emplace_back(std::move(stream));
      return;
    }
    if (refuse) {
      ++refused;
      refusals.push_back(here.now().mono);
      return;
    }
    links.push_back({EndOfSession(std::move(stream)), here.now().mono});
  }

  /// The portal's first message on link `i`: a V2Ray's, or a Culvert's.
  void greet(std::size_t i, bool culvert = false) {
    Buffer message;
    append(message,
           Control{.features = culvert ? std::optional<std::uint64_t>(feature::kAll) : std::nullopt,
                   .padding = "xyz"});
    links[i].culvert = culvert;
    tell(i, newFrame(1, {Network::Udp, "reverse.internal.v2fly.org", 0}, asText(message.view())));
    answerProbes(i);
  }
  void tell(std::size_t i, std::string frames) {
    links[i].end.send(std::move(frames));
    loop.run();
  }
  void drain(std::size_t i) {
    Buffer message;
    append(message, Control{.state = Control::State::Drain});
    tell(i, keep(1, asText(message.view())) + frame(1, Status::End));
  }
  void answerProbes(std::size_t i) {
    std::string answers;
    for (const SessionId id : probesIn(links[i].end.heard->received))
      answers += frame(id, Status::End);
    // What else was said stays to be read.
    std::string rest;
    for (const Spoken& spoken : framesOf(links[i].end.heard->received)) {
      if (spoken.head.id >= SessionIds::kFirstProbe) continue;
      rest += spoken.data.empty() && !spoken.head.has(option::kData)
                  ? frame(spoken.head.id, spoken.head.status, spoken.head.options)
                  : frame(spoken.head.id, spoken.head.status, spoken.head.options, spoken.data);
    }
    links[i].end.heard->received = rest;
    if (!answers.empty()) tell(i, answers);
  }
  /// Time passes; healthy portals beat and answer.
  void live(Clock::duration time) {
    for (; time > 0s; time -= 500ms) {
      loop.advance(500ms);
      for (std::size_t i = 0; i < links.size(); ++i) {
        if (!links[i].isOver() && !links[i].end.heard->received.empty()) answerProbes(i);
      }
    }
  }
  void visit(std::size_t i, int count = 1) {
    std::string frames;
    for (; count > 0; --count) frames += newFrame(links[i].nextId++, tcp("127.0.0.1", 80));
    tell(i, frames);
  }
  /// Time passes in which every session has something to say.
  void liveBusily(Clock::duration time) {
    for (; time > 0s; time -= 500ms) {
      for (std::size_t i = 0; i < links.size(); ++i) {
        std::string frames;
        for (SessionId id = 2; id < links[i].nextId; ++id) frames += keep(id, "x");
        if (!frames.empty()) tell(i, frames);
      }
      live(500ms);
    }
  }
  /// Resets link `i` as a portal that dies.
  void cut(std::size_t i) {
    links[i].end.stream.reset();
    links[i].end.heard->closed = code(Errc::Aborted);
    loop.run();
  }

  mux::Environment environment{fillRandom};  // outlives all links
  ManualLoop loop;
  std::shared_ptr<const proxy::InboundInfo> info = std::make_shared<proxy::InboundInfo>(
      proxy::InboundInfo{"bridge", "bridge", false, {}, nullptr});
  std::deque<Link> links;
  std::vector<proxy::Session> sessions;
  std::vector<EndOfSession> targets;
  bool refuse = false;
  int refused = 0;
  std::vector<Clock::time_point> refusals;
  std::unique_ptr<Bridge> bridge;
};

TEST(Bridge, DialsTwoLinksAndSaysNothingFirst) {
  BridgeBench bench;
  ASSERT_EQ(bench.links.size(), 2u);
  EXPECT_EQ(bench.links[0].end.heard->received, "");
  EXPECT_EQ(bench.bridge->status().links, 0u);
  bench.greet(0);
  EXPECT_EQ(bench.bridge->status().links, 1u);
  bench.greet(1);
  EXPECT_EQ(bench.bridge->status().links, 2u);
  bench.live(60s);
  EXPECT_EQ(bench.links.size(), 2u);
}

TEST(Bridge, NeverWritesOnTheControlSessionOfAV2Ray) {
  BridgeBench bench;
  bench.greet(0);
  for (int i = 0; i < 30; ++i) {
    bench.tell(0, keep(1, wireOf("9a06 0133")));
    bench.live(2s);
  }
  EXPECT_EQ(bench.links[0].said(), Lines{});
}

TEST(Bridge, AnswersACulvertBeforeAnythingElse) {
  BridgeBench bench;
  Buffer message;
  append(message, Control{.features = 0xFF, .padding = "xyz"});
  bench.tell(0,
             newFrame(1, {Network::Udp, "reverse", 0}, asText(message.view())) + keep(0xF123, "?"));
  const std::vector<Spoken> frames = framesOf(bench.links[0].end.heard->received);
  ASSERT_GE(frames.size(), 4u);
  EXPECT_TRUE(frames[0].line.starts_with("keep 1 "));
  const Control answer = parseControl(asBytes(frames[0].data)).value();
  EXPECT_EQ(answer.features, feature::kAll);
  EXPECT_EQ(answer.instance.size(), 16u);
  EXPECT_EQ(frames[1].line, "end 61731");
}

TEST(Bridge, TakesAllFourNamesForControl) {
  for (const char* const name : {"reverse.internal.v2fly.org", "reverse.internal.v2ray.com",
                                 "reverse", "reverse.internal.example.com"}) {
    BridgeBench bench;
    bench.tell(0, newFrame(1, {Network::Udp, name, 0}));
    EXPECT_TRUE(bench.sessions.empty()) << name;
    EXPECT_EQ(bench.bridge->status().links, 1u);
  }
}

TEST(Bridge, DispatchesVisitorsUnderItsOwnTag) {
  BridgeBench bench;
  bench.greet(0);
  bench.tell(0, newFrame(2, tcp("127.0.0.1", 80), "GET /"));
  ASSERT_EQ(bench.sessions.size(), 1u);
  EXPECT_EQ(bench.sessions[0].inbound, bench.info);
  EXPECT_EQ(bench.sessions[0].target, tcp("127.0.0.1", 80));
  EXPECT_FALSE(bench.sessions[0].source);
  EXPECT_NE(bench.sessions[0].id, 0u);
  EXPECT_EQ(bench.targets[0].heard->received, "GET /");
  bench.targets[0].send("200 OK");
  bench.targets[0].stream->end();
  bench.loop.run();
  EXPECT_EQ(bench.links[0].said(), (Lines{"keep 2 6 bytes", "end 2"}));
}

TEST(Bridge, LearnsWhereVisitorsComeFromOnlyWhenAgreed) {
  const std::string origin = wireOf("01 c822 01 cb007107 01 0050 01 c0000201");
  for (const bool culvert : {false, true}) {
    BridgeBench bench;
    bench.greet(0, culvert);
    bench.tell(0, newFrame(2, tcp("127.0.0.1", 80), "", origin));
    ASSERT_EQ(bench.sessions.size(), 1u);
    ASSERT_EQ(bench.sessions[0].source.has_value(), culvert);
    if (!culvert) continue;
    EXPECT_EQ(toString(*bench.sessions[0].source), "203.0.113.7:51234");
    EXPECT_EQ(toString(*bench.sessions[0].local), "192.0.2.1:80");
  }
}

TEST(Bridge, RefusesItsOwnDomainAsATarget) {
  BridgeBench bench;
  bench.greet(0);
  bench.tell(0, newFrame(2, tcp("Private.Cloud.com", 443)));
  EXPECT_TRUE(bench.sessions.empty());
  EXPECT_EQ(bench.links[0].said(), Lines{"end+error 2"});
}

TEST(Bridge, DialsAgainAtOnceWhenAHealthyLinkIsLost_F_RST) {
  BridgeBench bench;
  bench.greet(0);
  bench.greet(1);
  bench.live(20s);
  bench.cut(0);
  ASSERT_EQ(bench.links.size(), 3u);
  EXPECT_EQ(bench.links[2].dialled, bench.loop.now().mono);
  bench.greet(2);
  EXPECT_EQ(bench.bridge->status().links, 2u);
}

TEST(Bridge, PausesBetweenDialsThatFail_F_HOLE) {
  BridgeBench bench({.restLinks = 1});
  bench.greet(0);
  bench.live(20s);
  bench.refuse = true;
  const Clock::time_point lost = bench.loop.now().mono;
  bench.cut(0);
  bench.loop.advance(20s);
  std::vector<double> pauses;
  for (std::size_t i = 1; i < bench.refusals.size(); ++i) {
    pauses.push_back(
        std::chrono::duration<double>(bench.refusals[i] - bench.refusals[i - 1]).count());
  }
  ASSERT_GE(pauses.size(), 10u);
  EXPECT_EQ(bench.refusals[0], lost);
  EXPECT_NEAR(pauses[0], 0.25, 0.15);
  EXPECT_NEAR(pauses[1], 0.5, 0.2);
  for (std::size_t i = 2; i < 8; ++i) EXPECT_NEAR(pauses[i], 1.0, 0.35);
  EXPECT_NEAR(pauses.back(), 3.0, 0.75);
  bench.loop.advance(11min);
  bench.refusals.clear();
  bench.loop.advance(60s);
  EXPECT_NEAR(static_cast<double>(bench.refusals.size()), 4, 1);
  // Back: found within a pause.
  bench.refuse = false;
  bench.loop.advance(18s);
  EXPECT_GE(bench.links.size(), 2u);
}

TEST(Bridge, DialsBesideADialThatHangsAndKeepsTheFirstThatAnswers_F_HOLE) {
  BridgeBench bench({.restLinks = 1});
  bench.loop.advance(1200ms);
  ASSERT_EQ(bench.links.size(), 2u);
  bench.greet(1);
  EXPECT_EQ(bench.bridge->status().links, 1u);
  bench.loop.advance(200ms);
  EXPECT_TRUE(bench.links[0].isOver());
  EXPECT_FALSE(bench.links[1].isOver());
  bench.live(30s);
  EXPECT_EQ(bench.links.size(), 2u);
}

TEST(Bridge, GivesUpOnAPortalThatDoesNotAnswerForEightSeconds) {
  BridgeBench bench({.restLinks = 1});
  bench.loop.advance(7900ms);
  EXPECT_FALSE(bench.links[0].isOver());
  bench.loop.advance(300ms);
  EXPECT_TRUE(bench.links[0].isOver());
  bench.loop.advance(1h);
  std::size_t open = 0;
  for (const auto& link : bench.links) open += !link.isOver();
  EXPECT_LE(open, BridgeKeeper::kMostDials);
}

TEST(Bridge, WaitsLongerForALinkThatDiesYoungWithoutTroublingTheOther_F_FLAP) {
  BridgeBench bench;
  bench.greet(0);
  bench.greet(1);
  bench.live(20s);
  std::size_t at = 0;
  std::vector<double> pauses;
  for (int i = 0; i < 7; ++i) {
    const std::size_t before = bench.links.size();
    const Clock::time_point lost = bench.loop.now().mono;
    bench.cut(at);
    while (bench.links.size() == before) bench.live(500ms);
    pauses.push_back(std::chrono::duration<double>(bench.links.back().dialled - lost).count());
    at = bench.links.size() - 1;
    bench.greet(at);
    bench.live(1s);
  }
  EXPECT_EQ(pauses[0], 0);
  EXPECT_NEAR(pauses[1], 0.25, 0.15);
  EXPECT_NEAR(pauses[3], 1, 0.15);
  EXPECT_NEAR(pauses[6], 3, 0.15);
  EXPECT_FALSE(bench.links[1].isOver());
}

TEST(Bridge, NeitherLeaksNorSlowsDownOverAThousandCuts_F_FLAP) {
  BridgeBench bench({.restLinks = 1});
  bench.greet(0);
  const std::size_t roots = bench.loop.rootCount();
  for (int i = 0; i < 1000; ++i) {
    bench.live(1s);
    const std::size_t newest = bench.links.size() - 1;
    if (bench.links[newest].isOver()) continue;
    if (!bench.links[newest].end.stream) continue;
    bench.cut(newest);
    bench.live(3500ms);
    bench.greet(bench.links.size() - 1);
  }
  EXPECT_GT(bench.links.size(), 900u);
  EXPECT_LE(bench.loop.rootCount(), roots + 2);
  EXPECT_EQ(bench.bridge->status().links, 1u);
}

TEST(Bridge, ReplacesASuspectLinkAtOnceAndTakesItBackWhenItAnswers_F_TUPLE) {
  BridgeBench bench;
  bench.greet(0);
  bench.greet(1);
  for (int i = 0; i < 12; ++i) {
    bench.loop.advance(500ms);
    bench.answerProbes(1);
  }
  ASSERT_EQ(bench.links.size(), 3u);
  EXPECT_NEAR(
      std::chrono::duration<double>(bench.links[2].dialled - bench.links[0].dialled).count(), 5.1,
      0.4);
  EXPECT_FALSE(bench.links[0].isOver());
  bench.answerProbes(0);  // it was only slow
  bench.loop.advance(200ms);
  EXPECT_EQ(bench.bridge->status().links, 2u);
  EXPECT_TRUE(bench.links[2].isOver());
}

TEST(Bridge, DropsADeadCulvertAfterTenSeconds_F_TUPLE) {
  BridgeBench bench({.restLinks = 1});
  bench.greet(0, true);
  bench.visit(0);
  bench.loop.advance(10500ms);
  ASSERT_EQ(bench.targets.size(), 1u);
  EXPECT_EQ(bench.targets[0].heard->closed, code(Errc::LinkLost));
  EXPECT_TRUE(bench.links[0].isOver());
}

TEST(Bridge, OpensAnotherLinkWhenMoreThanSixteenAreActiveOnEachForAWhile) {
  BridgeBench bench;
  bench.greet(0);
  bench.greet(1);
  bench.visit(0, 16);
  bench.visit(1, 16);
  bench.liveBusily(8s);
  EXPECT_EQ(bench.links.size(), 2u);
  bench.visit(0, 50);
  bench.liveBusily(4500ms);
  EXPECT_EQ(bench.links.size(), 2u);  // they are all placed already
  bench.liveBusily(500ms);
  ASSERT_EQ(bench.links.size(), 3u);
  bench.greet(2);
  bench.liveBusily(4500ms);
  EXPECT_EQ(bench.links.size(), 3u);  // one at a time
  bench.liveBusily(500ms);
  EXPECT_EQ(bench.links.size(), 4u);
}

TEST(Bridge, NeedsNoFurtherLinkForVisitorsThatRest) {
  BridgeBench bench;
  bench.greet(0);
  bench.greet(1);
  bench.visit(0, 500);
  bench.visit(1, 400);
  bench.live(30s);
  EXPECT_EQ(bench.links.size(), 2u);
}

TEST(Bridge, KeepsToItsMostLinks) {
  BridgeBench bench({.maxLinks = 3});
  bench.greet(0);
  bench.greet(1);
  bench.visit(0, 200);
  bench.liveBusily(5s);
  bench.greet(2);
  bench.liveBusily(12s);
  EXPECT_EQ(bench.links.size(), 3u);
}

TEST(Bridge, OpensAnotherLinkWhenEveryOneCarriesBulk) {
  BridgeBench bench;
  bench.greet(0);
  bench.greet(1);
  for (std::size_t i : {0u, 1u}) {
    bench.visit(i);
    for (int block = 0; block < 10; ++block) bench.tell(i, keep(2, std::string(60'000, 'x')));
  }
  bench.loop.run();
  EXPECT_EQ(bench.links.size(), 2u);
  bench.live(500ms);
  EXPECT_EQ(bench.links.size(), 3u);
}

TEST(Bridge, OpensAsManyLinksAtOnceAsThereAreDownloads) {
  BridgeBench bench;
  bench.greet(0);
  bench.greet(1);
  for (std::size_t i : {0u, 1u}) {
    bench.visit(i, 2);
    for (int block = 0; block < 10; ++block) {
      for (const SessionId id : {SessionId{2}, SessionId{3}})
        bench.tell(i, keep(id, std::string(60'000, 'x')));
    }
  }
  bench.live(500ms);
  EXPECT_EQ(bench.links.size(), 4u);
}

/// Time passes on a path to a portal that greets whoever dials and answers after `roundTrip`.
void liveWithPortal(BridgeBench& bench, bool culvert, Clock::duration time,
                    Clock::duration roundTrip) {
  for (; time > 0s; time -= 10ms) {
    bench.loop.advance(10ms);
    const Clock::time_point now = bench.loop.now().mono;
    for (std::size_t i = 0; i < bench.links.size(); ++i) {
      auto& link = bench.links[i];
      if (!std::exchange(link.greeted, true)) bench.greet(i, culvert);
      if (link.isOver() || probesIn(link.end.heard->received).empty()) {
        link.asked = now;
      } else if (now - link.asked >= roundTrip) {
        bench.answerProbes(i);
      }
    }
  }
}

TEST(Bridge, HasAsManyLinksAtRestOnALongPathAsBulkMayHave) {
  BridgeBench bench;
  liveWithPortal(bench, true, 10s, 10ms);
  EXPECT_EQ(bench.bridge->status().links, 2u);
  liveWithPortal(bench, true, 6s, 40ms);
  EXPECT_EQ(bench.bridge->status().links, 4u);
  liveWithPortal(bench, true, 150s, 40ms);
  EXPECT_EQ(bench.bridge->status().links, 4u);
  liveWithPortal(bench, true, 150s, 10ms);
  EXPECT_EQ(bench.bridge->status().links, 2u);
  EXPECT_EQ(bench.links.size(), 4u);
}

TEST(Bridge, HasNoMoreLinksAtRestOnALongPathThanItMay) {
  BridgeBench bench({.maxLinks = 3});
  liveWithPortal(bench, true, 10s, 40ms);
  EXPECT_EQ(bench.bridge->status().links, 3u);
}

TEST(Bridge, HasTwoLinksAtRestToAV2RayHoweverFar) {
  BridgeBench bench;
  liveWithPortal(bench, false, 20s, 40ms);
  EXPECT_EQ(bench.bridge->status().links, 2u);
}

TEST(Bridge, OpensASiblingForALinkWhoseWritesAreStuck_F_SLOW) {
  BridgeBench bench;
  bench.greet(0);
  bench.greet(1);
  bench.visit(0);
  bench.links[0].end.stream->pause();  // a V2Ray's reader, blocked by a sleeper
  bench.targets[0].send(std::string(500'000, 'x'));
  bench.targets[0].send(std::string(500'000, 'x'));
  bench.loop.run();
  EXPECT_EQ(bench.links.size(), 2u);
  bench.live(4500ms);
  EXPECT_GE(bench.links.size(), 3u);
}

TEST(Bridge, GivesSurplusLinksBackToACulvertAfterAMinute) {
  BridgeBench bench;
  bench.greet(0, true);
  bench.greet(1, true);
  bench.visit(0, 40);
  bench.liveBusily(5s);
  ASSERT_EQ(bench.links.size(), 3u);
  bench.greet(2, true);
  for (std::size_t i = 0; i < 3; ++i) bench.links[i].said();
  bench.targets.clear();
  bench.live(50s);
  for (std::size_t i = 0; i < 3; ++i) {
    for (const std::string& line : bench.links[i].said())
      EXPECT_FALSE(line.starts_with("keep 1 ")) << line;
  }
  bench.live(15s);
  int drained = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    for (const Spoken& spoken : framesOf(bench.links[i].end.heard->received)) {
      if (!spoken.line.starts_with("keep 1 ")) continue;
      EXPECT_EQ(parseControl(asBytes(spoken.data)).value().state, Control::State::Drain);
      ++drained;
    }
  }
  EXPECT_EQ(drained, 1);
  bench.live(120s);
  EXPECT_EQ(bench.bridge->status().links, 2u);
}

TEST(Bridge, KeepsAFewIdleLinksAtAV2Ray) {
  BridgeBench bench({.restLinks = 8});
  for (std::size_t i = 0; i < 8; ++i) bench.greet(i);
  bench.visit(0, 140);
  bench.liveBusily(5s);
  ASSERT_EQ(bench.links.size(), 9u);
  bench.greet(8);
  bench.targets.clear();
  bench.live(70s);
  std::size_t open = 0;
  for (const auto& link : bench.links) open += !link.isOver();
  EXPECT_EQ(open, 8u);
}

TEST(Bridge, OpensTheNextLinkBeforeADrainedOneRetires) {
  BridgeBench bench({.restLinks = 1});
  bench.greet(0);
  bench.visit(0);
  bench.drain(0);
  ASSERT_EQ(bench.links.size(), 2u);
  EXPECT_FALSE(bench.links[0].isOver());
  bench.greet(1);
  bench.live(10s);
  EXPECT_FALSE(bench.links[0].isOver());  // a session runs on it
  bench.tell(0, keep(2, "still served"));
  EXPECT_EQ(bench.targets[0].heard->received, "still served");
  bench.tell(0, frame(2, Status::End));
  bench.live(5s);
  EXPECT_TRUE(bench.links[0].isOver());
  EXPECT_EQ(bench.links.size(), 2u);
}

TEST(Bridge, SaysThatNoncesRepeatWhereThePortalDoesNot_CRY_2) {
  for (const bool culvert : {false, true}) {
    const culvert::test::LogLines said("reverse");
    BridgeBench bench({.restLinks = 1});
    bench.greet(0, culvert);
    bench.visit(0);
    std::string frames;
    for (int i = 0; i < 1000; ++i) frames += keep(2, "x");
    for (int i = 0; i < 66; ++i) bench.tell(0, frames);
    bench.visit(0);
    EXPECT_EQ(said.count("nonces"), culvert ? 0u : 1u);
  }
}

TEST(Bridge, LeavesAWornLinkOfAV2RayWhenItIsEmpty_CRY_2) {
  BridgeBench bench({.restLinks = 1, .retireAt = 3'100});
  bench.greet(0);
  bench.visit(0);
  for (int i = 0; i < 110; ++i) {
    bench.tell(0, keep(2, std::string(60'000, 'x')));  // 31 chunks of a V2Ray
    bench.targets[0].heard->received.clear();
    if (i % 50 == 0) bench.live(500ms);
  }
  bench.live(2s);
  ASSERT_GE(bench.links.size(), 2u);
  EXPECT_FALSE(bench.links[0].isOver());
  bench.tell(0, frame(2, Status::End));
  bench.live(5s);
  EXPECT_FALSE(bench.links[0].isOver());  // the next one is not up yet
  bench.greet(bench.links.size() - 1);
  bench.live(5s);
  EXPECT_TRUE(bench.links[0].isOver());
}

TEST(Bridge, ClosesALinkForAControlMessageThatIsNone_PORT_6) {
  BridgeBench bench({.restLinks = 1});
  bench.greet(0);
  bench.tell(0, keep(1, "\x0b"));
  bench.loop.advance(200ms);
  EXPECT_TRUE(bench.links[0].isOver());
}

TEST(Bridge, DialsAtOnceWhenItsClockIsSetRight_F_CLOCK) {
  BridgeBench bench({.restLinks = 1});
  bench.refuse = true;
  bench.loop.advance(30min);
  bench.loop.stepWallClock(std::chrono::hours(3));
  const int before = bench.refused;
  bench.loop.advance(1500ms);
  EXPECT_GT(bench.refused, before);
}

TEST(Bridge, DrainsAndStopsOnRequest_F_TERM) {
  for (const bool culvert : {true, false}) {
    BridgeBench bench({.restLinks = 1});
    bench.greet(0, culvert);
    bench.visit(0);
    bench.links[0].said();
    bench.bridge->drain();
    bench.loop.run();
    bench.live(3s);
    EXPECT_FALSE(bench.links[0].isOver());
    const Lines said = bench.links[0].said();
    EXPECT_EQ(std::any_of(said.begin(), said.end(),
                          [](const auto& line) { return line.starts_with("keep 1 "); }),
              culvert);
    if (culvert) {
      bench.bridge->stop(Errc::Stopped);
    } else {
      bench.tell(0, frame(2, Status::End));
    }
    bench.live(5s);
    EXPECT_TRUE(bench.links[0].isOver());
    EXPECT_EQ(bench.links.size(), 1u);  // no dials any more
  }
}

TEST(Bridge, StopsWithItsInbound) {
  BridgeBench bench;
  bench.greet(0);
  bench.bridge->stop(Errc::Stopped);
  bench.loop.advance(1s);
  for (const auto& link : bench.links) EXPECT_TRUE(link.isOver());
  EXPECT_EQ(bench.loop.rootCount(), 0u);
}

}  // namespace
}  // namespace culvert::reverse::test

#include "mux/MuxBench.h"
#include "mux/MuxClient.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace culvert::mux::test {
namespace {

using Client = Scripted<MuxClient>;
using Lines = std::vector<std::string>;
constexpr Peer kCulvert{.isCulvert = true, .halfClose = true, .credits = true};

EndOfSession open(Client& client, const Destination& target = tcp("a")) {
  return EndOfSession(client.mux->openSession(target));
}

TEST(MuxClient, ProvesALinkBeforeAnythingElse_RPL_7) {
  Client client({}, {}, Client::Proofs::Left);
  const std::vector<SessionId> probes = probesIn(client.log.sent);
  ASSERT_EQ(probes.size(), 2u);
  EXPECT_NE(probes[0], probes[1]);
  client.hear(frame(probes[1], Status::End));
  EXPECT_TRUE(client.recorder.healths.empty());
  client.hear(frame(probes[0], Status::End));
  EXPECT_EQ(client.recorder.healths, std::vector{Health::Live});
}

TEST(MuxClient, SendsNewAtOnceAndDataInKeeps) {
  Client client;
  const EndOfSession session = open(client, tcp("nas.lan", 5000));
  session.send("hello");
  EXPECT_EQ(client.said(), (Lines{"new 1", "keep 1 5 bytes"}));
  const EndOfSession other = open(client);
  EXPECT_EQ(client.said(), Lines{"new 2"});
}

TEST(MuxClient, CutsWhatItSendsIntoFramesThatFillAChunk) {
  Client client;
  const EndOfSession session = open(client);
  session.send(std::string(40'000, 'x'));
  EXPECT_EQ(client.said(),
            (Lines{"new 1", "keep 1 14992 bytes", "keep 1 14992 bytes", "keep 1 10016 bytes"}));
}

TEST(MuxClient, GivesTheBytesOfOneReadInOneCall) {
  Client client;
  const EndOfSession session = open(client);
  client.hear(keep(1, "one ") + keep(1, "two ") + keep(1, "three"));
  EXPECT_EQ(session.heard->packets, Lines{"one two three"});
}

TEST(MuxClient, HoldsAnEndBackUntilTheAnswerHasCome_F_FIN) {
  Client client;
  const EndOfSession session = open(client);
  session.send("request");
  session.stream->end();
  EXPECT_EQ(client.said(), (Lines{"new 1", "keep 1 7 bytes"}));
  client.loop.advance(20s);
  client.hear(keep(1, "answer"));
  client.loop.advance(20s);
  EXPECT_EQ(session.heard->received, "answer");
  EXPECT_FALSE(session.heard->ended);
  client.hear(frame(1, Status::End));
  EXPECT_TRUE(session.heard->ended);
  EXPECT_EQ(session.heard->closed, std::error_code());
  EXPECT_EQ(client.said(), Lines{"end 1"});
}

TEST(MuxClient, GivesUpOnAnAnswerAfter30SilentSeconds_F_FIN) {
  Client client;
  const EndOfSession session = open(client);
  session.stream->end();
  client.said();
  client.answerProbes();
  client.loop.advance(29s);
  EXPECT_FALSE(session.heard->closed);
  client.log.sent.clear();
  client.loop.advance(1500ms);
  EXPECT_EQ(client.said(), Lines{"end 1"});
  EXPECT_EQ(session.heard->closed, code(Errc::TimedOut));
}

TEST(MuxClient, EndsEachDirectionByItselfTowardsACulvert_F_FIN) {
  Client client({}, kCulvert);
  const EndOfSession session = open(client);
  session.send("request");
  session.stream->end();
  EXPECT_EQ(client.said(), (Lines{"new 1", "keep 1 7 bytes", "keep+half 1"}));
  client.hear(frame(1, Status::Keep, option::kHalfClose, "answer"));
  EXPECT_EQ(session.heard->received, "answer");
  EXPECT_TRUE(session.heard->ended);
  EXPECT_EQ(session.heard->closed, std::error_code());
  EXPECT_EQ(client.said(), Lines{});  // no End after both
  EXPECT_EQ(client.mux->sessionCount(), 0u);
}

TEST(MuxClient, TakesAnEndForBothDirectionsAndListensNoMore) {
  Client client;
  const EndOfSession session = open(client);
  client.said();
  client.hear(keep(1, "all there is") + frame(1, Status::End));
  EXPECT_EQ(session.heard->received, "all there is");
  EXPECT_TRUE(session.heard->ended);
  EXPECT_EQ(session.heard->closed, std::error_code());
  session.send("too late");
  EXPECT_EQ(client.said(), Lines{"end 1"});
}

TEST(MuxClient, DeliversWhatIsQueuedBeforeACleanEnd) {
  Client client;
  const EndOfSession session = open(client);
  session.stream->pause();
  client.hear(keep(1, "held") + frame(1, Status::End));
  client.loop.advance(1h);
  EXPECT_FALSE(session.heard->closed);
  session.stream->resume();
  client.loop.run();
  EXPECT_EQ(session.heard->received, "held");
  EXPECT_EQ(session.heard->closed, std::error_code());
}

TEST(MuxClient, GivesAResetSessionOneSecondForItsLastBytes_F_CUT) {
  Client client;
  const EndOfSession taken = open(client), sleeping = open(client);
  taken.stream->pause();
  sleeping.stream->pause();
  client.hear(keep(1, "a") + frame(1, Status::End, option::kError) + keep(2, "b") +
              frame(2, Status::End, option::kError));
  client.loop.advance(500ms);
  EXPECT_FALSE(taken.heard->closed);
  taken.stream->resume();
  client.loop.run();
  EXPECT_EQ(taken.heard->received, "a");
  EXPECT_EQ(taken.heard->closed, code(Errc::Reset));
  EXPECT_FALSE(taken.heard->ended);
  client.loop.advance(700ms);
  EXPECT_EQ(sleeping.heard->received, "");
  EXPECT_EQ(sleeping.heard->closed, code(Errc::Reset));
}

TEST(MuxClient, SendsAResetBehindTheDataButAtMostASecondLater) {
  Client client;
  const EndOfSession quick = open(client), stuck = open(client);
  client.said();
  quick.stream->abort();
  EXPECT_EQ(client.said(), Lines{"end+error 1"});
  EXPECT_EQ(quick.heard->closed, code(Errc::Aborted));

  client.wire->setFlow(Flow::Full);
  stuck.send("sent, and then the link is full");
  stuck.send("waits");
  stuck.stream->abort();
  client.loop.advance(900ms);
  EXPECT_FALSE(stuck.heard->closed);
  client.loop.advance(300ms);
  EXPECT_EQ(stuck.heard->closed, code(Errc::Aborted));
  client.said();
  client.wire->setFlow(Flow::Open);
  EXPECT_EQ(client.said().front(), "end+error 2");
}

TEST(MuxClient, ResetsASessionWhoseStreamIsDestroyed_F_CUT) {
  Client client;
  {
    const EndOfSession session = open(client);
    session.send("x");
  }
  EXPECT_EQ(client.said(), (Lines{"new 1", "keep 1 1 bytes", "end+error 1"}));
  client.hear(keep(1, "still under way") + frame(1, Status::End));
  EXPECT_EQ(client.said(), Lines{});  // recently closed: no answer
}

TEST(MuxClient, AnswersDataForUnknownSessionsAndNothingElse) {
  Client client;
  client.said();
  client.hear(keep(77, "x") + frame(78, Status::Keep) + frame(79, Status::End) + keep(80, ""));
  EXPECT_EQ(client.said(), Lines{"end 77"});
  std::string many;
  for (SessionId id = 1000; id < 1300; ++id) many += keep(id, "x");
  client.hear(many);
  EXPECT_LE(client.said().size(), 100u);
}

TEST(MuxClient, AnswersProbesOfThePeer) {
  Client client;
  client.said();
  client.hear(wireOf("0004 f3a1 02 01 0001 00"));
  EXPECT_EQ(client.log.sent, wireOf("0004 f3a1 03 00"));
}

TEST(MuxClient, IgnoresANewAndItsData) {
  Client client;
  const EndOfSession session = open(client);
  client.said();
  client.hear(newFrame(1, tcp("b"), "not for this session") + newFrame(9, tcp("c"), "nor this"));
  EXPECT_EQ(session.heard->received, "");
  EXPECT_EQ(client.said(), Lines{});
  EXPECT_FALSE(client.recorder.closed);
}

TEST(MuxClient, ClosesTheLinkForAFrameThatIsNone) {
  Client client;
  const EndOfSession session = open(client);
  client.hear(keep(1, "before") + wireOf("0003 0001 04"));
  EXPECT_EQ(session.heard->received, "before");
  EXPECT_EQ(session.heard->closed, code(Errc::LinkLost));
  EXPECT_EQ(client.recorder.closed, code(Errc::BadFrame));
  EXPECT_TRUE(client.log.aborted);
}

TEST(MuxClient, ClosesTheLinkForFloodsThatChangeNothing_LIM_15) {
  for (const std::string& one :
       {frame(5, Status::Keep), frame(0, Status::KeepAlive), frame(7, Status::End), keep(9, "")}) {
    Client client;
    for (int i = 0; i < 900; ++i) client.hear(one);
    EXPECT_FALSE(client.recorder.closed);
    client.loop.advance(1s);
    std::string many;
    for (int i = 0; i < 1100; ++i) many += one;
    client.hear(many);
    EXPECT_EQ(client.recorder.closed, code(Errc::Overloaded));
  }
}

TEST(MuxClient, EndsAllSessionsWhenTheLinkEnds_F_CUT) {
  for (const bool reset : {false, true}) {
    Client client;
    const EndOfSession idle = open(client), held = open(client), ended = open(client);
    held.stream->pause();
    ended.stream->pause();
    client.hear(keep(2, "x") + keep(3, "y") + frame(3, Status::End));
    if (reset) {
      client.wire->injectClosed(Errc::Reset);
    } else {
      client.wire->injectEnd();
    }
    client.loop.run();
    EXPECT_EQ(idle.heard->closed, code(Errc::LinkLost));
    EXPECT_FALSE(held.heard->closed);  // its last second
    client.loop.advance(1100ms);
    EXPECT_EQ(held.heard->closed, code(Errc::LinkLost));
    ended.stream->resume();  // had ended before: complete, however late
    client.loop.run();
    EXPECT_EQ(ended.heard->received, "y");
    EXPECT_EQ(ended.heard->closed, std::error_code());
    EXPECT_EQ(client.recorder.closed, reset ? code(Errc::Reset) : std::error_code());
    EXPECT_EQ(client.mux->openSession(tcp("a")), nullptr);
  }
}

TEST(MuxClient, CallsALinkCutInAFrameTruncated) {
  Client client;
  client.hear(keep(1, "abc").substr(0, 4));
  client.wire->injectEnd();
  client.loop.run();
  EXPECT_EQ(client.recorder.closed, code(Errc::Truncated));
}

TEST(MuxClient, OutlivesItsOwnDestructionUnderOpenSessions) {
  Client client;
  const EndOfSession session = open(client);
  client.mux.reset();
  session.send("nobody");
  client.loop.run();
  EXPECT_EQ(session.heard->closed, code(Errc::LinkLost));
  EXPECT_TRUE(client.log.destroyed);
}

TEST(MuxClient, KeepsSourcesWaitingWhileTheLinkIsFull) {
  Client client;
  const EndOfSession big = open(client), small = open(client);
  client.said();
  client.wire->setFlow(Flow::Full);
  EXPECT_EQ(big.send(std::string(20'000, 'x')), Flow::Full);  // told by the first frame
  EXPECT_EQ(big.send(std::string(40'000, 'x')), Flow::Full);
  EXPECT_EQ(small.send("quick"), Flow::Full);
  EXPECT_EQ(client.said(), Lines{"keep 1 14992 bytes"});
  EXPECT_GT(big.stream->queued(), 0u);
  client.wire->setFlow(Flow::Open);
  const Lines lines = client.said();
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(big.heard->rooms, 1);
  EXPECT_EQ(small.heard->rooms, 1);
  EXPECT_EQ(big.stream->queued() + small.stream->queued(), 0u);
}

/// Two sessions with 50 kB waiting each, on a link that has just got room again.
struct TwoOfBulk {
  Client client;
  EndOfSession first = open(client), second = open(client);

  TwoOfBulk() {
    client.wire->setFlow(Flow::Full);
    first.send(std::string(50'000, 'x'));
    second.send(std::string(50'000, 'x'));
    client.wire->setFlow(Flow::Open);
  }
};

TEST(MuxClient, AsksABulkSourceForMoreWhenItsTurnHasComeAndNoneElse) {
  TwoOfBulk bulk;
  auto& [client, first, second] = bulk;
  EXPECT_EQ(first.stream->queued(), 0U);
  EXPECT_EQ(first.heard->rooms, 1);
  EXPECT_GT(second.stream->queued(), 0U) << "the first has not had the time to read";
  client.loop.run();
  EXPECT_EQ(second.stream->queued(), 0U);
  EXPECT_EQ(second.heard->rooms, 1);
}

TEST(MuxClient, SendsABulkReadOnAndGivesTheNextTurnToThoseThatWait) {
  TwoOfBulk bulk;
  auto& [client, first, second] = bulk;
  EXPECT_EQ(first.send(std::string(100'000, 'y')), Flow::Full);
  EXPECT_EQ(first.stream->queued(), 0U) << "the link has room";
  EXPECT_EQ(first.heard->rooms, 1);
  client.loop.run();
  EXPECT_EQ(second.heard->rooms, 1);
  EXPECT_EQ(first.heard->rooms, 2);
  EXPECT_EQ(first.send(std::string(100'000, 'y')), Flow::Open) << "nobody waits";
}

TEST(MuxClient, SendsSmallAnswersBeforeBulkOnceTheLinkWasFull) {
  Client client;
  const EndOfSession bulk = open(client), small = open(client);
  client.said();
  client.wire->setFlow(Flow::Full);
  bulk.send(std::string(15'000, 'x'));
  bulk.send(std::string(60'000, 'x'));
  small.send("quick");
  client.said();
  client.wire->setFlow(Flow::Open);
  const Lines lines = client.said();
  // The rest of the first read was not bulk yet; the bulk read stands behind the small one.
  const auto quick = std::find(lines.begin(), lines.end(), "keep 2 5 bytes");
  ASSERT_NE(quick, lines.end());
  EXPECT_LE(quick - lines.begin(), 6);
}

TEST(MuxClient, PausesASourceAtZeroCreditAndNotTheLink_LIM_9) {
  Client client({}, kCulvert);
  const EndOfSession fast = open(client), other = open(client);
  client.said();
  EXPECT_EQ(fast.send(std::string(kFirstWindowBytes + 5'000, 'x')), Flow::Full);
  EXPECT_EQ(fast.stream->queued(), 5'000u);
  EXPECT_EQ(other.send("goes on"), Flow::Open);
  client.said();
  client.hear(frame(0, Status::KeepAlive, 0, wireOf("01 0001 00001000")));
  EXPECT_EQ(client.said(), Lines{"keep 1 4096 bytes"});
  EXPECT_EQ(fast.heard->rooms, 0);
  client.hear(frame(0, Status::KeepAlive, 0, wireOf("01 0063 00001000 01 0001 00001000")));
  EXPECT_EQ(client.said(), Lines{"keep 1 904 bytes"});
  EXPECT_EQ(fast.heard->rooms, 1);
}

TEST(MuxClient, OpensALargerWindowWithASessionOnALongPath) {
  Client client({}, kCulvert);
  for (int i = 0; i < 30 && probesIn(client.log.sent).empty(); ++i) client.loop.advance(100ms);
  client.loop.advance(40ms);
  client.answerProbes();
  client.said();
  const EndOfSession session = open(client);
  EXPECT_EQ(client.said(), (Lines{"new 1", "keepalive 0 7 bytes"}));
  session.stream->pause();  // takes nothing, so that no more credit is due
  for (int i = 0; i < 10; ++i) client.hear(keep(1, std::string(60'000, 'x')));
  EXPECT_FALSE(session.heard->closed);
}

TEST(MuxClient, SendsAnEndWithoutCredit) {
  Client client({}, kCulvert);
  const EndOfSession session = open(client);
  session.send(std::string(kFirstWindowBytes, 'x'));
  session.stream->end();
  EXPECT_EQ(client.said().back(), "keep+half 1");
}

TEST(MuxClient, SkipsCreditItDoesNotUnderstand) {
  Client client({}, kCulvert);
  const EndOfSession session = open(client);
  session.send(std::string(kFirstWindowBytes + 10, 'x'));
  client.said();
  client.hear(frame(0, Status::KeepAlive, 0, wireOf("02 0001 00001000")) +
              frame(0, Status::KeepAlive, 0, wireOf("01 0001 00")));
  EXPECT_EQ(client.said(), Lines{});
  EXPECT_FALSE(client.recorder.closed);
}

TEST(MuxClient, ResetsASessionWhosePeerOverrunsItsWindow) {
  Client client({}, kCulvert);
  const EndOfSession session = open(client), other = open(client);
  session.stream->pause();
  client.said();
  const std::string block(60'000, 'x');
  client.hear(keep(1, block) + keep(1, block) + keep(1, block) + keep(1, block));
  EXPECT_EQ(client.said(), Lines{});
  client.hear(keep(1, block));
  EXPECT_EQ(client.said(), Lines{"end+error 1"});
  EXPECT_EQ(session.heard->closed, code(Errc::PeerOverran));
  EXPECT_FALSE(other.heard->closed);
}

TEST(MuxClient, ResetsASessionThatTalksAfterItsOwnEnd) {
  Client client({}, kCulvert);
  const EndOfSession session = open(client);
  client.said();
  client.hear(frame(1, Status::Keep, option::kHalfClose) + keep(1, "more"));
  EXPECT_EQ(client.said(), Lines{"end+error 1"});
  EXPECT_EQ(session.heard->closed, code(Errc::BadFrame));
}

TEST(MuxClient, IgnoresTheHalfCloseBitOfStrangers) {
  Client client;
  const EndOfSession session = open(client);
  client.hear(frame(1, Status::Keep, option::kHalfClose, "on and ") + keep(1, "on"));
  EXPECT_EQ(session.heard->received, "on and on");
  EXPECT_FALSE(session.heard->ended);
}

TEST(MuxClient, ReadsOnForTheOthersWhenOneSleepsAndResetsIt_F_SLOW) {
  Client client;
  const EndOfSession sleeper = open(client), awake = open(client);
  client.answerProbes();
  sleeper.stream->pause();
  const std::string block(60'000, 'x');
  for (int i = 0; i < 4; ++i) client.hear(keep(1, block));
  EXPECT_FALSE(client.mux->isBurdened());
  client.hear(keep(1, block));
  EXPECT_TRUE(client.mux->isBurdened());
  for (int i = 0; i < 60; ++i) client.hear(keep(1, block) + keep(2, "."));
  EXPECT_EQ(awake.heard->received, std::string(60, '.'));
  EXPECT_FALSE(sleeper.heard->closed);
  for (int i = 0; i < 6; ++i) client.hear(keep(1, block) + keep(2, "."));
  // A moment's grace, in which it might turn out to be only slow.
  EXPECT_TRUE(client.log.paused);
  client.loop.advance(500ms);
  EXPECT_EQ(sleeper.heard->closed, code(Errc::Overloaded));
  EXPECT_FALSE(client.log.paused);
  client.hear(keep(2, "."));
  EXPECT_EQ(awake.heard->received, std::string(67, '.'));
  EXPECT_FALSE(client.mux->isBurdened());
  EXPECT_EQ(client.mux->queuedBytes(), 0u);
}

TEST(MuxClient, BrakesTheLinkForAReaderThatIsSlowButAwake_F_SLOW) {
  Client client;
  const EndOfSession slow = open(client), quick = open(client);
  client.answerProbes();
  const std::string block(60'000, 'x');
  slow.stream->pause();
  for (int i = 0; i < 6; ++i) client.hear(keep(1, block));
  std::size_t sent = 6 * block.size();
  client.loop.advance(100ms);
  // It takes a block every 100 ms, while the peer sends as fast as the link is read.
  for (int i = 0; i < 200; ++i) {
    slow.heard->onEachData = [&] { slow.stream->pause(); };
    slow.stream->resume();
    client.loop.advance(100ms);
    while (!client.log.paused && sent < 12'000'000) {
      client.hear(keep(1, block) + keep(2, "."));
      sent += block.size();
    }
  }
  EXPECT_EQ(slow.heard->closed, std::nullopt) << "a slow download is not a sleeper";
  EXPECT_GT(quick.heard->received.size(), 60u);
  // Once it sleeps, the link does not wait for it any longer.
  client.loop.advance(1s);
  EXPECT_EQ(slow.heard->closed, code(Errc::Overloaded));
  EXPECT_FALSE(client.log.paused);
}

TEST(MuxClient, ResetsASleeperAfter15SecondsWithoutProgress_F_SLOW) {
  Client client;
  const EndOfSession sleeper = open(client), awake = open(client);
  sleeper.stream->pause();
  client.hear(keep(1, std::string(60'000, 'x')));
  client.loop.advance(60s);
  EXPECT_FALSE(sleeper.heard->closed);  // below 256 KiB: as long as it likes
  for (int i = 0; i < 5; ++i) client.hear(keep(1, std::string(60'000, 'x')));
  client.loop.advance(14s);
  EXPECT_FALSE(sleeper.heard->closed);
  client.loop.advance(2s);
  EXPECT_EQ(sleeper.heard->closed, code(Errc::Overloaded));
  EXPECT_FALSE(awake.heard->closed);
}

TEST(MuxClient, HoldsTheLinkForASleeperThatIsAloneOnIt_F_SLOW) {
  Client client({.mayHold = true});
  const EndOfSession sleeper = open(client);
  client.answerProbes();
  sleeper.stream->pause();
  for (int i = 0; i < 5; ++i) client.hear(keep(1, std::string(60'000, 'x')));
  EXPECT_TRUE(client.log.paused);
  client.loop.advance(15min);
  EXPECT_FALSE(sleeper.heard->closed);
  EXPECT_EQ(client.mux->health(), Health::Live);
  sleeper.stream->resume();
  client.loop.run();
  EXPECT_EQ(sleeper.heard->received.size(), 300'000u);
  EXPECT_FALSE(client.log.paused);

  // Somebody else must be placed there: read on.
  sleeper.stream->pause();
  for (int i = 0; i < 5; ++i) client.hear(keep(1, std::string(60'000, 'x')));
  EXPECT_TRUE(client.log.paused);
  const EndOfSession second = open(client);
  EXPECT_FALSE(client.log.paused);
}

TEST(MuxClient, SendsDatagramsWholeOrNotAtAll_F_UDP) {
  Client client;
  const EndOfSession flow = open(client, udp("192.0.2.53"));
  flow.send("");
  flow.send(std::string(2048, 'x'));
  flow.send(std::string(2049, 'x'));  // would end a V2Ray's link
  const std::vector<Spoken> frames = framesOf(client.log.sent);
  std::vector<std::string> lines = client.said();
  EXPECT_EQ(lines, (Lines{"new 1", "keep 1", "keep 1 2048 bytes"}));
  EXPECT_EQ(client.mux->datagramsDropped(), 1u);

  client.hear(keep(1, "") + keep(1, "ab") + keep(1, "cd"));
  EXPECT_EQ(flow.heard->packets, (Lines{"", "ab", "cd"}));
}

TEST(MuxClient, SendsCulvertsDatagramsOfAnySize_F_UDP) {
  Client client({}, kCulvert);
  const EndOfSession flow = open(client, udp("192.0.2.53"));
  flow.send(std::string(65'507, 'x'));
  EXPECT_EQ(client.said().back(), "keep 1 65507 bytes");
}

TEST(MuxClient, DropsTheOldestDatagramsWhenTheLinkIsFull_F_UDP) {
  Client client;
  const EndOfSession flow = open(client, udp("192.0.2.53"));
  client.wire->setFlow(Flow::Full);
  flow.send("goes still");
  client.said();
  for (int i = 0; i < 70; ++i) EXPECT_EQ(flow.send(std::to_string(i)), Flow::Open);
  client.wire->setFlow(Flow::Open);
  const std::vector<Spoken> frames = framesOf(client.log.sent);
  ASSERT_EQ(frames.size(), 64u);
  EXPECT_EQ(frames.front().data, "6");
  EXPECT_EQ(frames.back().data, "69");
}

TEST(MuxClient, EndsADatagramFlowOnceForBothDirections) {
  Client client;
  const EndOfSession flow = open(client, udp("192.0.2.53"));
  client.said();
  flow.stream->end();
  EXPECT_EQ(client.said(), Lines{"end 1"});
  EXPECT_EQ(flow.heard->closed, std::error_code());
}

TEST(MuxClient, KeepsTheControlSessionInside) {
  Client client;
  client.mux->openControl("control.invalid", asBytes("hello"));
  client.mux->sendControl(asBytes("again"));
  EXPECT_EQ(client.said(), (Lines{"new 1 5 bytes", "keep 1 5 bytes"}));
  client.hear(keep(1, "answer"));
  EXPECT_EQ(client.recorder.controls, Lines{"answer"});
  client.hear(frame(1, Status::End));
  EXPECT_EQ(client.recorder.controlsEnded, 1);
  EXPECT_FALSE(client.recorder.closed);
  client.mux->openControl("other.invalid", asBytes("x"));
  EXPECT_EQ(client.said(), Lines{"new 2 1 bytes"});
  client.mux->endControl();
  EXPECT_EQ(client.said(), Lines{"end 2"});
}

TEST(MuxClient, ClosesTheLinkForControlMessagesTooLargeOrTooMany_PORT_6) {
  {
    Client client;
    client.mux->openControl("control.invalid", {});
    client.hear(keep(1, std::string(1024, 'x')));
    EXPECT_FALSE(client.recorder.closed);
    client.hear(keep(1, std::string(1025, 'x')));
    EXPECT_EQ(client.recorder.closed, code(Errc::BadFrame));
  }
  Client client;
  client.mux->openControl("control.invalid", {});
  for (int i = 0; i < 50; ++i) client.hear(keep(1, "x"));
  EXPECT_EQ(client.recorder.closed, code(Errc::BadFrame));
}

TEST(MuxClient, NeverUsesAnIdThatLivesOrLivedAMomentAgo) {
  Client client({.probes = Probes::Off, .maxSessions = 100'000});
  const EndOfSession first = open(client);
  std::set<SessionId> used{1};
  for (int i = 0; i < 40'000; ++i) {
    client.log.sent.clear();
    const EndOfSession session = open(client);
    const SessionId id = framesOf(client.log.sent).front().head.id;
    EXPECT_LE(id, SessionIds::kLast);
    EXPECT_TRUE(used.insert(id).second);
  }
  client.loop.advance(31s);
  for (int i = 0; i < 40'000; ++i) {
    client.log.sent.clear();
    const EndOfSession session = open(client);
    EXPECT_NE(framesOf(client.log.sent).front().head.id, 1);
  }
}

TEST(MuxClient, EndsALinkWithoutSessionsCleanly) {
  Client client;
  client.mux->finish();
  EXPECT_TRUE(client.log.ended);
  client.wire->injectEnd();
  client.loop.run();
  EXPECT_EQ(client.recorder.closed, std::error_code());

  Client deaf;
  deaf.mux->finish();
  deaf.loop.advance(3s);
  EXPECT_EQ(deaf.recorder.closed, std::error_code());
}

TEST(MuxClient, ClosesALinkThatHasBeenIdle) {
  Client client({.probes = Probes::Off, .idleClose = 30s});
  {
    const EndOfSession session = open(client);
    client.loop.advance(60s);
    EXPECT_FALSE(client.log.ended);
  }
  client.loop.advance(29s);
  EXPECT_FALSE(client.log.ended);
  client.loop.advance(2s);
  EXPECT_TRUE(client.log.ended);
}

TEST(MuxClient, CountsSessionsThatMoveMuch) {
  Client client;
  const EndOfSession bulk = open(client), idle = open(client);
  client.answerProbes();
  for (int i = 0; i < 10; ++i) client.hear(keep(1, std::string(60'000, 'x')));
  EXPECT_EQ(client.mux->bulkCount(), 1u);
  EXPECT_EQ(client.mux->settledBulkCount(), 0u);
  client.loop.advance(MuxLink::kSettleTime + Loop::kTick);
  EXPECT_EQ(client.mux->settledBulkCount(), 1u);
  for (int i = 0; i < 3; ++i) {
    client.loop.advance(2s);
    client.answerProbes();
  }
  EXPECT_EQ(client.mux->bulkCount(), 0u);
  EXPECT_EQ(client.mux->settledBulkCount(), 0u);
}

TEST(MuxClient, CountsNoBulkThatHasGone) {
  Client client;
  std::optional<EndOfSession> bulk = open(client);
  for (int i = 0; i < 10; ++i) client.hear(keep(1, std::string(60'000, 'x')));
  client.loop.advance(MuxLink::kSettleTime + Loop::kTick);
  EXPECT_EQ(client.mux->settledBulkCount(), 1u);
  bulk.reset();
  EXPECT_EQ(client.mux->bulkCount(), 0u);
  EXPECT_EQ(client.mux->settledBulkCount(), 0u);
}

TEST(MuxClient, CountsSessionsThatMovedBytesLately) {
  Client client;
  const auto nextEpoch = [&] {
    client.loop.advance(2s);
    client.answerProbes();
  };
  {
    const EndOfSession talking = open(client), silent = open(client);
    EXPECT_EQ(client.mux->activeCount(), 2u);
    for (int i = 0; i < 4; ++i) {
      nextEpoch();
      client.hear(keep(1, "x"));
      EXPECT_EQ(client.mux->activeCount(), i == 0 ? 2u : 1u) << i;
    }
    nextEpoch();
    EXPECT_EQ(client.mux->activeCount(), 1u);
    nextEpoch();
    EXPECT_EQ(client.mux->activeCount(), 0u);
    silent.send("now");
    EXPECT_EQ(client.mux->activeCount(), 1u);
    nextEpoch();
    talking.send("and I");
    EXPECT_EQ(client.mux->activeCount(), 2u);
  }
  EXPECT_EQ(client.mux->activeCount(), 0u);
}

}  // namespace
}  // namespace culvert::mux::test

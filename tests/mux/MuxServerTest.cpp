#include "mux/MuxBench.h"
#include "mux/MuxServer.h"

#include <gtest/gtest.h>

namespace culvert::mux::test {
namespace {

using Server = Scripted<MuxServer>;
using Lines = std::vector<std::string>;
constexpr LinkOptions kQuiet{.probes = Probes::Off};

TEST(MuxServer, OpensASessionWithItsFirstData) {
  Server server(kQuiet);
  server.hear(newFrame(7, tcp("127.0.0.1"), "GET /", "trailing"));
  ASSERT_EQ(server.recorder.sessions.size(), 1u);
  EXPECT_EQ(server.recorder.targets[0], tcp("127.0.0.1"));
  EXPECT_EQ(server.recorder.metadatas[0], "trailing");
  EXPECT_EQ(server.recorder.sessions[0].heard->received, "GET /");
  server.recorder.sessions[0].send("answer");
  EXPECT_EQ(server.said(), Lines{"keep 7 6 bytes"});
}

TEST(MuxServer, TakesSessionZeroLikeAnyOther) {
  Server server(kQuiet);
  server.hear(wireOf("0014 0000 01 01 02 0035 01 c0000235 e13d5d751256c915 0001 71") +
              wireOf("000c 0000 02 01 02 14e9 01 c0000263 0002 7132"));
  ASSERT_EQ(server.recorder.sessions.size(), 1u);
  EXPECT_EQ(server.recorder.targets[0], udp("192.0.2.53"));
  EXPECT_EQ(server.recorder.sessions[0].heard->packets, (Lines{"q", "q2"}));
}

TEST(MuxServer, EndsAnAnswerAtOnceTowardsAV2Ray) {
  Server server(kQuiet);
  server.hear(newFrame(1, tcp("a"), "request"));
  EndOfSession& session = server.recorder.sessions[0];
  session.send("answer");
  session.stream->end();
  EXPECT_EQ(server.said(), (Lines{"keep 1 6 bytes", "end 1"}));
  EXPECT_FALSE(session.heard->closed);
  server.hear(frame(1, Status::End, option::kError));  // as a V2Ray says that it has heard
  EXPECT_EQ(session.heard->closed, std::error_code());
  EXPECT_TRUE(session.heard->ended);
  EXPECT_EQ(server.said(), Lines{});  // one End a side
}

TEST(MuxServer, WaitsASecondForThePeersEndAndNoLonger) {
  Server server(kQuiet);
  server.hear(newFrame(1, tcp("a"), "request"));
  server.recorder.sessions[0].stream->end();
  server.loop.advance(1200ms);
  EXPECT_EQ(server.recorder.sessions[0].heard->closed, std::error_code());
}

TEST(MuxServer, CallsAnUploadThatItsOwnEndCutAReset_F_CUT) {
  Server server(kQuiet);
  server.hear(newFrame(1, tcp("a"), "first part, "));
  EndOfSession& session = server.recorder.sessions[0];
  session.stream->end();
  server.hear(keep(1, "second part") + frame(1, Status::End));
  EXPECT_FALSE(session.heard->ended);
  EXPECT_EQ(session.heard->closed, code(Errc::Reset));
}

TEST(MuxServer, RefusesWithAnErrorEnd) {
  Server server(kQuiet);
  server.recorder.refuse = true;
  server.hear(newFrame(3, tcp("a"), "data nobody wants") + keep(3, "more of it"));
  EXPECT_EQ(server.said(), Lines{"end+error 3"});
  server.hear(wireOf("000c 0004 01 00 01 0050 02 03 612062"));  // a name that is none
  EXPECT_EQ(server.said(), Lines{"end+error 4"});
  EXPECT_FALSE(server.recorder.closed);
}

TEST(MuxServer, RefusesPacketAddressPseudoHosts) {
  Server server(kQuiet);
  server.hear(newFrame(1, udp("sp.packet-addr.v2fly.arpa", 0), "x") +
              newFrame(2, tcp("st.packet-addr.v2fly.arpa", 0)));
  EXPECT_TRUE(server.recorder.sessions.empty());
  EXPECT_EQ(server.said(), (Lines{"end+error 1", "end+error 2"}));
}

TEST(MuxServer, EndsBothWhenAnIdIsOpenedTwice) {
  Server server(kQuiet);
  server.hear(newFrame(1, tcp("a"), "one") + newFrame(1, tcp("b"), "two"));
  ASSERT_EQ(server.recorder.sessions.size(), 1u);
  EXPECT_EQ(server.said(), Lines{"end+error 1"});
  EXPECT_EQ(server.recorder.sessions[0].heard->closed, code(Errc::BadFrame));
  server.hear(keep(1, "three"));
  EXPECT_EQ(server.said(), Lines{});
  server.hear(newFrame(1, tcp("c"), "again"));  // a client that does not wait
  EXPECT_EQ(server.recorder.sessions.back().heard->received, "again");
}

TEST(MuxServer, KeepsWhatComesBeforeItsSessionListens) {
  Server server(kQuiet);
  server.recorder.resumed = false;
  server.hear(newFrame(1, tcp("a"), "early ") + keep(1, "words"));
  EndOfSession& session = server.recorder.sessions[0];
  EXPECT_EQ(session.heard->received, "");
  session.stream->resume();
  server.loop.run();
  EXPECT_EQ(session.heard->received, "early words");
}

TEST(MuxServer, LimitsSessionsOpenAndOpening_LIM_7_LIM_8) {
  Server server({.probes = Probes::Off, .maxSessions = 3});
  std::string many;
  for (SessionId id = 1; id <= 5; ++id) many += newFrame(id, tcp("a"));
  server.hear(many);
  EXPECT_EQ(server.recorder.sessions.size(), 3u);
  EXPECT_EQ(server.said(), (Lines{"end+error 4", "end+error 5"}));
  server.hear(frame(1, Status::End) + newFrame(6, tcp("a")));
  EXPECT_EQ(server.recorder.sessions.size(), 4u);

  Server slow({.probes = Probes::Off, .newPerSecond = 10, .newBurst = 20});
  many.clear();
  for (SessionId id = 1; id <= 30; ++id) many += newFrame(id, tcp("a")) + frame(id, Status::End);
  slow.hear(many);
  EXPECT_EQ(slow.recorder.sessions.size(), 20u);
  slow.loop.advance(1s);
  slow.hear(newFrame(40, tcp("a")));
  EXPECT_EQ(slow.recorder.sessions.size(), 21u);
}

TEST(MuxServer, KeepsTheControlSessionInside) {
  Server server(kQuiet);
  server.hear(newFrame(1, udp("control.invalid", 0), "hello") + keep(1, "again"));
  EXPECT_TRUE(server.recorder.sessions.empty());
  EXPECT_EQ(server.recorder.controls, (Lines{"hello", "again"}));
  EXPECT_EQ(server.mux->sessionCount(), 0u);
  server.mux->sendControl(asBytes("answer"));
  EXPECT_EQ(server.said(), Lines{"keep 1 6 bytes"});
  server.hear(frame(1, Status::End));
  EXPECT_EQ(server.recorder.controlsEnded, 1);
  server.mux->sendControl(asBytes("nobody listens"));
  EXPECT_EQ(server.said(), Lines{});
}

TEST(MuxServer, ReadsControlMessagesFrameByFrameHoweverTheyAreCut) {
  Server server(kQuiet);
  const std::string wire =
      newFrame(1, udp("control.invalid", 0)) + keep(1, "first") + keep(1, "second");
  for (const char byte : wire) server.hear(std::string(1, byte));
  EXPECT_EQ(server.recorder.controls, (Lines{"first", "second"}));
}

TEST(MuxServer, ProbesOnceItHasHeardFromTheOtherEnd) {
  Server server({.probes = Probes::OnceHeard});
  server.loop.advance(30s);
  EXPECT_EQ(server.log.sent, "");
  server.hear(newFrame(1, udp("control.invalid", 0)));
  EXPECT_TRUE(server.recorder.heardFirst);
  EXPECT_EQ(probesIn(server.log.sent).size(), 2u);
  server.answerProbes();
  EXPECT_EQ(server.recorder.healths, std::vector{Health::Live});
}

TEST(MuxServer, ClosesALinkWhoseCulvertHasGoneSilent_F_TUPLE) {
  Server server({.probes = Probes::OnceHeard}, {.isCulvert = true});
  server.hear(newFrame(1, tcp("a")));
  server.answerProbes();
  server.loop.advance(5500ms);
  EXPECT_EQ(server.recorder.healths, (std::vector{Health::Live, Health::Suspect}));
  server.loop.advance(5s);
  EXPECT_EQ(server.recorder.closed, code(Errc::TimedOut));
  EXPECT_EQ(server.recorder.sessions[0].heard->closed, code(Errc::LinkLost));
}

TEST(MuxServer, ShedsTheLargestSleeperWhenMemoryIsFull_LIM_10) {
  const std::size_t before = QueueBudget::limit();
  QueueBudget::setLimit(QueueBudget::total() + 600'000);
  {
    Server server(kQuiet);
    server.recorder.resumed = false;
    std::string opening;
    for (SessionId id = 1; id <= 4; ++id) opening += newFrame(id, tcp("a"));
    server.hear(opening);
    server.loop.advance(2s);
    const std::string block(50'000, 'x');
    for (int i = 0; i < 4; ++i) {
      server.hear(keep(1, block) + keep(2, block) + keep(3, "x") + keep(2, block));
    }
    EXPECT_EQ(server.recorder.sessions[1].heard->closed, code(Errc::Overloaded));
    EXPECT_FALSE(server.recorder.sessions[0].heard->closed);
    EXPECT_FALSE(server.recorder.sessions[2].heard->closed);
    EXPECT_FALSE(server.recorder.closed);
  }
  QueueBudget::setLimit(before);
}

TEST(MuxServer, NeverShedsASessionThatDrainsHoweverLarge_LIM_10) {
  const std::size_t before = QueueBudget::limit();
  QueueBudget::setLimit(QueueBudget::total() + 600'000);
  {
    Server server(kQuiet);
    server.recorder.resumed = false;
    server.hear(newFrame(1, tcp("a")) + newFrame(2, tcp("b")));
    server.loop.advance(2s);
    EndOfSession& drains = server.recorder.sessions[0];
    drains.stream->resume();
    server.hear(keep(1, "taken"));
    drains.stream->pause();
    const std::string block(50'000, 'x');
    for (int i = 0; i < 8; ++i) server.hear(keep(1, block));
    for (int i = 0; i < 5; ++i) server.hear(keep(2, block));
    EXPECT_FALSE(drains.heard->closed);
    EXPECT_EQ(server.recorder.sessions[1].heard->closed, code(Errc::Overloaded));
    EXPECT_LT(QueueBudget::total(), QueueBudget::limit());
  }
  QueueBudget::setLimit(before);
}

TEST(MuxServer, SurvivesAHostileClient) {
  // Repeated ids, Ends twice, unknown ids, one-byte data, sessions never read: bounded, and the
  // link stays.
  Server server({.probes = Probes::Off, .maxSessions = 1000});
  server.recorder.resumed = false;
  for (int i = 0; i < 20'000; ++i) {
    const auto id = static_cast<SessionId>(randomness()());
    switch (randomness()() % 4) {
      case 0:
        server.wire->inject(newFrame(id, tcp("a"), "x"));
        break;
      case 1:
        server.wire->inject(keep(id, "y"));
        break;
      case 2:
        server.wire->inject(frame(id, Status::End) + frame(id, Status::End));
        break;
      default:
        server.wire->inject(frame(id, Status::Keep, 0xFC));
        break;
    }
    if (i % 100 == 0) server.loop.advance(200ms);
    server.log = {};
    if (i % 1000 == 0) server.recorder.sessions.clear();
    if (server.recorder.closed) break;
  }
  EXPECT_LE(server.mux->sessionCount(), 1000u);
  EXPECT_FALSE(server.recorder.closed);
}

TEST(MuxServer, TakesRandomBytesForAnEnd) {
  for (int round = 0; round < 300; ++round) {
    Server server(kQuiet);
    for (int i = 0; i < 50 && !server.recorder.closed; ++i) {
      std::string junk(randomness()() % 400, 0);
      for (char& c : junk) c = static_cast<char>(randomness()() % (round % 2 ? 256 : 8));
      server.hear(junk);
    }
  }
}

}  // namespace
}  // namespace culvert::mux::test

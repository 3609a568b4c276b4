#include "mux/MuxBench.h"

#include <gtest/gtest.h>

namespace culvert::mux::test {
namespace {

TEST(MuxPair, CarriesASessionBothWaysAndEndsIt) {
  MuxPair mux;
  const EndOfSession client = mux.open(tcp("nas.lan", 5000), asBytes("meta"));
  EXPECT_EQ(mux.serverRecorder.targets.back(), tcp("nas.lan", 5000));
  EXPECT_EQ(mux.serverRecorder.metadatas.back(), "meta");
  client.send("ping");
  mux.loop.run();
  EXPECT_EQ(mux.last().heard->received, "ping");
  mux.last().send("pong");
  client.stream->end();
  mux.loop.run();
  EXPECT_TRUE(mux.last().heard->ended);
  EXPECT_FALSE(mux.last().heard->closed);
  mux.last().send(" and more");
  mux.last().stream->end();
  mux.loop.run();
  EXPECT_EQ(client.heard->received, "pong and more");
  EXPECT_EQ(client.heard->closed, std::error_code());
  EXPECT_EQ(mux.last().heard->closed, std::error_code());
  EXPECT_EQ(mux.client->sessionCount() + mux.server->sessionCount(), 0u);
}

TEST(MuxPair, ProvesItselfBothWays) {
  const MuxPair mux;
  EXPECT_EQ(mux.client->health(), Health::Live);
  EXPECT_FALSE(mux.serverRecorder.heardFirst && mux.server->health() != Health::Live);
}

TEST(MuxPair, KeepsAPausedSessionsBytesWithoutStallingTheOthers_F_SLOW) {
  MuxPair mux;
  const EndOfSession slow = mux.open(), quick = mux.open();
  EndOfSession& slowServer = mux.serverRecorder.sessions[0];
  slowServer.stream->pause();
  slow.send("held");
  quick.send("through");
  mux.loop.run();
  EXPECT_EQ(mux.serverRecorder.sessions[1].heard->received, "through");
  EXPECT_EQ(slowServer.heard->received, "");
  slowServer.stream->resume();
  mux.loop.run();
  EXPECT_EQ(slowServer.heard->received, "held");
}

TEST(MuxPair, HoldsASleeperAtItsWindowForAsLongAsItSleeps_F_SLOW) {
  MuxPair mux;
  const EndOfSession sleeper = mux.open();
  EndOfSession& target = mux.serverRecorder.sessions[0];
  sleeper.stream->pause();
  std::size_t sent = 0;
  while (target.send(std::string(16'000, 'x')) == Flow::Open) sent += 16'000;
  sent += 16'000;
  mux.loop.advance(15min);
  EXPECT_LE(mux.client->queuedBytes(), kFirstWindowBytes);
  EXPECT_FALSE(sleeper.heard->closed);
  EXPECT_FALSE(mux.client->isBurdened());
  sleeper.stream->resume();
  mux.loop.run();
  EXPECT_EQ(sleeper.heard->received.size(), sent);
  EXPECT_GE(target.heard->rooms, 1);
}

TEST(MuxPair, RestartsAtZeroQueueForEveryPattern) {
  // Whatever is sent, paused and resumed: in the end all arrives and nothing waits (credit is never
  // lost).
  MuxPair mux;
  const EndOfSession session = mux.open();
  EndOfSession& target = mux.serverRecorder.sessions[0];
  std::size_t sent = 0;
  bool full = false;
  target.heard->onEachData = [&target] {
    if (randomness()() % 3 == 0) target.stream->pause();
  };
  int rooms = 0;
  for (int i = 0; i < 3000; ++i) {
    if (session.heard->rooms != rooms) full = false;
    rooms = session.heard->rooms;
    if (!full) {
      const std::size_t size = randomness()() % 100'000;
      full = session.send(std::string(size, 'x')) == Flow::Full;
      sent += size;
    }
    if (randomness()() % 2) target.stream->resume();
    mux.loop.advance(std::chrono::milliseconds(randomness()() % 300));
  }
  target.heard->onEachData = nullptr;
  target.stream->resume();
  mux.loop.advance(10s);
  EXPECT_EQ(target.heard->received.size(), sent);
  EXPECT_GT(sent, 10'000'000u);
  EXPECT_EQ(session.stream->queued(), 0u);
}

TEST(MuxPair, CarriesThousandsOfSessionsAtOnce) {
  MuxPair mux;
  std::vector<EndOfSession> clients;
  for (int i = 0; i < 5'000; ++i) {
    clients.emplace_back(mux.client->openSession(tcp("h" + std::to_string(i))));
    clients.back().send("request " + std::to_string(i));
  }
  mux.loop.run();
  ASSERT_EQ(mux.serverRecorder.sessions.size(), 5'000u);
  for (int i = 0; i < 5'000; ++i) {
    EndOfSession& target = mux.serverRecorder.sessions[static_cast<std::size_t>(i)];
    EXPECT_EQ(target.heard->received, "request " + std::to_string(i));
    target.send("answer " + std::to_string(i));
    target.stream->end();
  }
  mux.loop.run();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i].heard->received, "answer " + std::to_string(i));
    EXPECT_TRUE(clients[i].heard->ended);
    clients[i].stream->end();
  }
  mux.loop.run();
  EXPECT_EQ(mux.client->sessionCount() + mux.server->sessionCount(), 0u);
  EXPECT_EQ(QueueBudget::total(), 0u);
}

TEST(MuxPair, ResetsTravelBothWays_F_CUT) {
  MuxPair mux;
  const EndOfSession one = mux.open();
  EndOfSession two = mux.open();
  mux.serverRecorder.sessions[0].stream->abort();
  two.stream.reset();
  mux.loop.run();
  EXPECT_EQ(one.heard->closed, code(Errc::Reset));
  EXPECT_EQ(mux.serverRecorder.sessions[1].heard->closed, code(Errc::Reset));
}

TEST(MuxPair, AnswersHalfClosedRequestsWithoutHalfCloseSupport_F_FIN) {
  MuxPair mux(Peer{});
  const EndOfSession client = mux.open();
  client.send("request");
  client.stream->end();
  mux.loop.advance(3s);
  mux.last().send("answer");
  mux.last().stream->end();
  mux.loop.run();
  EXPECT_EQ(client.heard->received, "answer");
  EXPECT_TRUE(client.heard->ended);
  EXPECT_EQ(client.heard->closed, std::error_code());
  EXPECT_EQ(mux.last().heard->closed, std::error_code());
}

TEST(MuxPair, KeepsDatagramsApartAndInOrder_F_UDP) {
  MuxPair mux;
  const EndOfSession flow = mux.open(udp("192.0.2.1"));
  std::vector<std::string> sent;
  for (const std::size_t size : {0, 1, 2048, 2049, 15'000, 30'000, 65'507}) {
    sent.push_back(std::string(size, static_cast<char>('a' + sent.size())));
    flow.send(sent.back());
  }
  mux.loop.run();
  EXPECT_EQ(mux.last().heard->packets, sent);
}

TEST(MuxPair, QueuesAtMost64DatagramsForAPausedReader_F_UDP) {
  MuxPair mux;
  const EndOfSession flow = mux.open(udp("192.0.2.1"));
  mux.last().stream->pause();
  for (int i = 0; i < 100; ++i) flow.send(std::to_string(i));
  mux.loop.run();
  mux.last().stream->resume();
  mux.loop.run();
  ASSERT_EQ(mux.last().heard->packets.size(), 64u);
  EXPECT_EQ(mux.last().heard->packets.front(), "36");
}

TEST(MuxPair, EndsEverythingWhenTheLinkIsClosed_F_CUT) {
  MuxPair mux;
  const EndOfSession client = mux.open();
  mux.client->close(Errc::Stopped);
  mux.loop.run();
  EXPECT_EQ(client.heard->closed, code(Errc::LinkLost));
  EXPECT_EQ(mux.last().heard->closed, code(Errc::LinkLost));
  EXPECT_EQ(mux.clientRecorder.closed, code(Errc::Stopped));
  EXPECT_TRUE(mux.serverRecorder.closed);
}

TEST(MuxPair, AnIdleSessionOwnsNoBuffer_F_MIX) {
  MuxPair mux;
  const EndOfSession client = mux.open();
  client.send(std::string(200'000, 'x'));
  mux.loop.run();
  EXPECT_EQ(QueueBudget::total(), 0u);
  EXPECT_LE(sizeof(MuxStream), 700u);
}

TEST(MuxPair, ForgetsAtBothEndsWhatWasActiveAMomentAgo) {
  MuxPair pair;
  const EndOfSession session = pair.open();
  for (int i = 0; i < 10; ++i) {
    session.send(std::string(60'000, 'x'));
    pair.loop.run();
  }
  EXPECT_EQ(pair.client->bulkCount(), 1u);
  EXPECT_EQ(pair.server->bulkCount(), 1u);
  // The server's probes go along with its answers: it has no beat of its own.
  for (int i = 0; i < 6; ++i) pair.loop.advance(1s);
  EXPECT_EQ(pair.client->bulkCount(), 0u);
  EXPECT_EQ(pair.server->bulkCount(), 0u);
  EXPECT_EQ(pair.client->activeCount(), 0u);
  EXPECT_EQ(pair.server->activeCount(), 0u);
}

}  // namespace
}  // namespace culvert::mux::test

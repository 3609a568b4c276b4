#include "net/Bench.h"
#include "net/QueueBudget.h"
#include "net/SocketStream.h"

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

namespace culvert::test {
namespace {

using Ending = PlainSocket::Ending;

/// A stream on the first of two reactors, and the plain socket at its other end.
class SocketStreamTest : public ::testing::Test {
 protected:
  explicit SocketStreamTest(bool strangers = false) {
    const Endpoint at =
        bench_.listen(door_, {.addresses = {Ip::loopback4()}, .strangers = strangers});
    peer_.emplace(PlainSocket::connected(at));
    EXPECT_TRUE(door_.waitFor(1));
    upper_ = door_.guest(0).upper.get();
  }

  /// Begins again with a connection whose kernel takes some hundred KiB before any are read;
  /// returns the stream's socket.
  int acceptWithRoom() {
    const PlainSocket door = PlainSocket::listening({Ip::loopback4(), 0});
    const int room = 1024 * 1024;
    EXPECT_EQ(::setsockopt(door.descriptor(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
    peer_.emplace(PlainSocket::connected(door.local()));
    const int descriptor = ::accept4(door.descriptor(), nullptr, nullptr, SOCK_NONBLOCK);
    EXPECT_GE(descriptor, 0);
    upper_ = bench_.call([&] {
      return &bench_.make<Upper>(std::make_unique<SocketStream>(
          bench_.reactor(), descriptor, Connections::Slot(), SocketStream::Role::Known));
    });
    return descriptor;
  }
  /// Whether so many bytes come to wait unread in the kernel.
  static bool waitForUnread(int descriptor, int bytes) {
    const Clock::time_point end = Clock::now() + kPatience;
    for (int unread = 0; Clock::now() < end;
         std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
      if (::ioctl(descriptor, FIONREAD, &unread) == 0 && unread >= bytes) return true;
    }
    return false;
  }

  Upper& upper() { return *upper_; }
  void resume() {
    bench_.call([this] { upper().stream().resume(); });
  }
  Flow send(const std::string& text) {
    return bench_.call([&] { return upper().stream().send(asBytes(text)); });
  }
  void end() {
    bench_.call([this] { upper().stream().end(); });
  }
  void destroy() {
    bench_.call([this] { (void)upper().release().reset(); });
  }
  /// Sends 64 KiB pieces until the stream asks for silence; returns all that was sent.
  std::string fill() {
    const std::string piece = pattern(64 * 1024);
    std::string sent;
    while (sent.size() < 64 * 1024 * 1024) {
      sent += piece;
      if (send(piece) == Flow::Full) break;
    }
    return sent;
  }
  /// CPU time of the reactor's thread while it has `time` to itself.
  std::chrono::nanoseconds cpuIn(std::chrono::milliseconds time) {
    const auto read = [] {
      timespec used{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
      return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
    };
    struct Pause final : Deadline {
      void onDeadline() override { over.set_value(); }
      std::promise<void> over;
    } pause;
    const auto before = bench_.call([&] {
      bench_.reactor().arm(pause, time);
      return read();
    });
    pause.over.get_future().wait();
    return bench_.call(read) - before;
  }

  Bench bench_{2};
  Door& door_ = bench_.make<Door>();
  std::optional<PlainSocket> peer_;
  Upper* upper_ = nullptr;
};

class StrangersStreamTest : public SocketStreamTest {
 protected:
  StrangersStreamTest() : SocketStreamTest(true) {}
};

TEST_F(SocketStreamTest, CarriesBytesBothWays) {
  resume();
  peer_->send("question");
  ASSERT_TRUE(upper().waitForData(8));
  EXPECT_EQ(upper().data(), "question");
  EXPECT_EQ(send("answer"), Flow::Open);
  EXPECT_EQ(peer_->receive(6), "answer");
}

TEST_F(SocketStreamTest, SendsGatheredPiecesInOrder) {
  bench_.call([this] {
    const Bytes pieces[] = {asBytes("one "), {}, asBytes("two "), asBytes("three")};
    upper().stream().send(pieces);
  });
  EXPECT_EQ(peer_->receive(13), "one two three");
}

TEST_F(SocketStreamTest, SendingNothingDoesNothing) {
  bench_.call([this] {
    EXPECT_EQ(upper().stream().send(Pieces()), Flow::Open);
    EXPECT_EQ(upper().stream().send(Bytes()), Flow::Open);
    EXPECT_EQ(upper().stream().queued(), 0U);
  });
  send("x");
  EXPECT_EQ(peer_->receive(1), "x");
}

TEST_F(SocketStreamTest, IsBornPaused) {
  peer_->send("early");
  // Something else that is read on the same reactor, sent later, is heard first.
  Door& other = bench_.make<Door>();
  other.resume = true;
  PlainSocket second = PlainSocket::connected(bench_.listen(other));
  ASSERT_TRUE(other.waitFor(1));
  second.send("late");
  ASSERT_TRUE(other.guest(0).upper->waitForData(4));
  EXPECT_EQ(upper().data(), "");
  resume();
  EXPECT_TRUE(upper().waitForData(5));
}

TEST_F(SocketStreamTest, PeerMayEndFirstAndStillGetsItsAnswer_F_FIN) {
  resume();
  peer_->send("request");
  peer_->end();
  ASSERT_TRUE(upper().waitForEnd());
  EXPECT_EQ(upper().data(), "request");
  const std::string answer = pattern(1024 * 1024);
  send(answer);
  end();
  EXPECT_EQ(peer_->receiveAll(), std::pair(answer, Ending::Fin));
  EXPECT_EQ(upper().waitForClosed(), std::error_code());
}

TEST_F(SocketStreamTest, WeMayEndFirstAndStillHearThePeer_F_FIN) {
  resume();
  end();
  EXPECT_EQ(peer_->receiveAll(), std::pair(std::string(), Ending::Fin));
  const std::string answer = pattern(3 * 1024 * 1024);
  peer_->send(answer);
  peer_->close();
  ASSERT_TRUE(upper().waitForEnd());
  EXPECT_EQ(upper().data(), answer);
  EXPECT_EQ(upper().waitForClosed(), std::error_code());
}

TEST_F(SocketStreamTest, EndsBehindWhatIsQueued_F_FIN) {
  std::string sent = fill();
  end();
  const auto [received, ending] = peer_->receiveAll();
  EXPECT_EQ(ending, Ending::Fin);
  EXPECT_TRUE(received == sent);
}

TEST_F(SocketStreamTest, DeliversWhatCameBeforeAReset_F_CUT) {
  const std::string sent = pattern(100'000);
  peer_->send(sent);
  peer_->reset();
  resume();
  EXPECT_EQ(upper().waitForClosed(), make_error_code(Errc::Reset));
  EXPECT_EQ(upper().data(), sent);
  EXPECT_FALSE(upper().hasEnded());
}

TEST_F(SocketStreamTest, DeliversWhatCameBeforeAResetThatSendingNoticedFirst_F_CUT) {
  const std::string sent = pattern(100'000);
  peer_->send(sent);
  peer_->reset();
  bench_.call([this] {
    // On loopback the reset has arrived when close() returns.
    EXPECT_EQ(upper().stream().send(asBytes("too late")), Flow::Full);
    upper().stream().resume();
  });
  EXPECT_EQ(upper().waitForClosed(), make_error_code(Errc::Reset));
  EXPECT_EQ(upper().data(), sent);
  EXPECT_FALSE(upper().hasEnded());
}

TEST_F(SocketStreamTest, ReportsAFailedSendThoughPausedForGood_F_CANCEL) {
  peer_->send("unread");
  peer_->reset();
  EXPECT_EQ(send("into the void"), Flow::Full);
  EXPECT_EQ(upper().waitForClosed(), make_error_code(Errc::Reset));
}

TEST_F(SocketStreamTest, EndingAfterAResetReportsTheReset_F_CUT) {
  peer_->send("last words");
  peer_->reset();
  bench_.call([this] {
    upper().stream().end();
    upper().stream().resume();
  });
  EXPECT_EQ(upper().waitForClosed(), make_error_code(Errc::Reset));
  EXPECT_EQ(upper().data(), "last words");
}

TEST_F(SocketStreamTest, DestroyingItResetsThePeer_F_CUT) {
  destroy();
  EXPECT_EQ(peer_->ending(), Ending::Reset);
}

TEST_F(SocketStreamTest, DestroyingItAfterOneEndResetsThePeer_F_CUT) {
  send("half");
  peer_->receive(4);
  resume();
  peer_->end();
  ASSERT_TRUE(upper().waitForEnd());
  destroy();
  EXPECT_EQ(peer_->ending(), Ending::Reset);
}

TEST_F(SocketStreamTest, AbortDeliversWhatWasSentAndThenResets_F_CUT) {
  const std::string sent = fill();
  bench_.call([this] { upper().stream().abort(); });
  const auto [received, ending] = peer_->receiveAll();
  EXPECT_EQ(ending, Ending::Reset);
  EXPECT_TRUE(received == sent);
  EXPECT_EQ(upper().waitForClosed(), make_error_code(Errc::Aborted));
}

TEST_F(SocketStreamTest, AbortDoesNotWaitForAPeerThatNeverReads_F_CUT) {
  fill();
  const auto start = Clock::now();
  bench_.call([this] { upper().stream().abort(); });
  EXPECT_EQ(upper().waitForClosed(), make_error_code(Errc::Aborted));
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(900));
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
}

TEST_F(SocketStreamTest, AbortIsSilentButForItsEnd) {
  resume();
  bench_.call([this] { upper().stream().abort(); });
  EXPECT_EQ(upper().waitForClosed(), make_error_code(Errc::Aborted));
  EXPECT_EQ(upper().data(), "");
  EXPECT_FALSE(upper().hasEnded());
}

TEST_F(SocketStreamTest, AsksForSilenceAndTellsOfRoomForASlowReader_F_SLOW) {
  const std::string sent = fill();
  const std::size_t queued = bench_.call([this] { return upper().stream().queued(); });
  EXPECT_GT(queued, 256U * 1024);
  EXPECT_LE(queued, (256U + 64) * 1024);
  EXPECT_GE(QueueBudget::total(), queued);
  EXPECT_TRUE(peer_->receive(sent.size()) == sent);
  EXPECT_TRUE(upper().waitForRoom());
  bench_.call([this] { EXPECT_EQ(upper().stream().queued(), 0U); });
  EXPECT_EQ(QueueBudget::total(), 0U);
}

TEST_F(SocketStreamTest, ReadsLittleAtFirstAndAfterALongPause_F_SLOW) {
  upper().pauseAtOnce = true;
  resume();
  const std::string sent = pattern(512 * 1024);
  peer_->send(sent);
  ASSERT_TRUE(upper().waitForData(1));
  std::size_t read = upper().data().size();
  EXPECT_LE(read, 64U * 1024);
  resume();
  ASSERT_TRUE(upper().waitForData(read + 1));
  read = upper().data().size();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));  // the pause that is tested
  resume();
  ASSERT_TRUE(upper().waitForData(read + 1));
  EXPECT_LE(upper().packets().back().size(), 64U * 1024);
}

TEST_F(SocketStreamTest, PausingStopsTheReadingAndLosesNothing) {
  upper().pauseAtOnce = true;
  resume();
  const std::string sent = pattern(512 * 1024);
  peer_->send(sent);
  for (std::size_t size = 0, reads = 0; size < sent.size();) {
    ASSERT_TRUE(upper().waitForData(size + 1));
    EXPECT_EQ(upper().packets().size(), ++reads);
    EXPECT_LE(upper().packets().back().size(), reads == 1 ? 64U * 1024 : 128U * 1024);
    size = upper().data().size();
    resume();
  }
  EXPECT_EQ(upper().data(), sent);
}

TEST_F(SocketStreamTest, ReadsMoreAtTheTurnsEndWhenItIsSoonResumed_F_SLOW) {
  struct Look final : TurnEnd {
    explicit Look(Upper& at) : at_(at) {}
    void onTurnEnd() override { seen.set_value(at_.packets()); }
    Upper& at_;
    std::promise<std::vector<std::string>> seen;
  };
  // By itself a receive buffer may hold no more than the first read takes.
  const int descriptor = acceptWithRoom();
  const std::string sent = pattern(512 * 1024);
  peer_->send(sent);
  ASSERT_TRUE(waitForUnread(descriptor, (64 + 80) * 1024));
  Look look(upper());
  upper().then = [&, isFirst = true]() mutable {
    upper().stream().pause();
    upper().stream().resume();
    if (std::exchange(isFirst, false)) bench_.reactor().atTurnEnd(look);
  };
  resume();
  const std::vector<std::string> inOneTurn = look.seen.get_future().get();
  ASSERT_EQ(inOneTurn.size(), 2U);
  EXPECT_EQ(inOneTurn[0].size(), 64U * 1024);
  EXPECT_GT(inOneTurn[1].size(), 64U * 1024);
  EXPECT_LE(inOneTurn[1].size(), 128U * 1024);
  // When nothing is left it waits to be told of more.
  ASSERT_TRUE(upper().waitForData(sent.size()));
  peer_->send("more");
  ASSERT_TRUE(upper().waitForData(sent.size() + 4));
  EXPECT_EQ(upper().data(), sent + "more");
  EXPECT_LT(cpuIn(std::chrono::milliseconds(400)), std::chrono::milliseconds(40));
}

TEST_F(SocketStreamTest, PausedAndHungUpCostsNothing) {
  resume();
  peer_->send("x");
  ASSERT_TRUE(upper().waitForData(1));
  bench_.call([this] { upper().stream().pause(); });
  peer_->reset();
  EXPECT_LT(cpuIn(std::chrono::milliseconds(400)), std::chrono::milliseconds(40));
}

TEST_F(SocketStreamTest, IsBrokenByAResetThatNobodyHasReadYet_F_CANCEL) {
  const auto isBroken = [this] {
    return bench_.call([this] { return upper().stream().isBroken(); });
  };
  peer_->send("unread");
  EXPECT_FALSE(isBroken());
  peer_->reset();
  EXPECT_TRUE(isBroken());
  EXPECT_TRUE(isBroken()) << "asking takes nothing away";
  resume();
  EXPECT_EQ(upper().waitForClosed(), make_error_code(Errc::Reset));
  EXPECT_EQ(upper().data(), "unread");
}

TEST_F(SocketStreamTest, IsNotBrokenByTwoEndsThoughBytesAreUnread_F_FIN) {
  peer_->send("the last of an upload");
  peer_->end();
  end();
  EXPECT_EQ(peer_->ending(), Ending::Fin);
  EXPECT_FALSE(bench_.call([this] { return upper().stream().isBroken(); }));
  resume();
  EXPECT_EQ(upper().waitForClosed(), std::error_code());
  EXPECT_EQ(upper().data(), "the last of an upload");
}

TEST_F(SocketStreamTest, AnEndedPeerThatHangsUpCostsNothing) {
  resume();
  peer_->end();
  ASSERT_TRUE(upper().waitForEnd());
  peer_->reset();
  EXPECT_LT(cpuIn(std::chrono::milliseconds(400)), std::chrono::milliseconds(40));
}

TEST_F(SocketStreamTest, MovesToAnotherReactorWithWhatWaitsInIt) {
  peer_->send("sent before");
  EXPECT_TRUE(bench_.call([this] { return upper().stream().moveTo(bench_.reactor(1)); }));
  callOn(bench_.reactor(1), [this] { upper().stream().resume(); });
  ASSERT_TRUE(upper().waitForData(11));
  callOn(bench_.reactor(1), [this] { upper().stream().send(asBytes("answer")); });
  EXPECT_EQ(peer_->receive(6), "answer");
  callOn(bench_.reactor(1), [this] { (void)upper().release().reset(); });
  EXPECT_EQ(peer_->ending(), Ending::Reset);
}

TEST_F(SocketStreamTest, IsPinnedWhileBytesAreQueued) {
  fill();
  EXPECT_FALSE(bench_.call([this] { return upper().stream().moveTo(bench_.reactor(1)); }));
  EXPECT_TRUE(bench_.call([this] { return upper().stream().moveTo(bench_.reactor(0)); }));
}

TEST_F(SocketStreamTest, ALinkIsKeptAliveAndItsQueuesAreShort) {
  bench_.call([this] { upper().stream().beLink(); });
  const std::string sent = fill();
  const std::size_t queued = bench_.call([this] { return upper().stream().queued(); });
  EXPECT_GT(queued, 64U * 1024);
  EXPECT_LE(queued, 128U * 1024);
  EXPECT_TRUE(peer_->receive(sent.size()) == sent);
  EXPECT_TRUE(upper().waitForRoom());
  bench_.call([this] { EXPECT_EQ(upper().stream().queued(), 0U); });
}

TEST_F(StrangersStreamTest, EndsWithFinEvenWithUnreadBytes_AUTH_3) {
  peer_->send(pattern(200'000));
  destroy();
  EXPECT_EQ(peer_->ending(), Ending::Fin);
}

TEST_F(StrangersStreamTest, ResetsOnceItIsKnown_F_CUT) {
  bench_.call([this] { upper().stream().becomeKnown(); });
  destroy();
  EXPECT_EQ(peer_->ending(), Ending::Reset);
}

TEST_F(StrangersStreamTest, ResetsOnceItIsALink_F_CUT) {
  bench_.call([this] { upper().stream().beLink(); });
  destroy();
  EXPECT_EQ(peer_->ending(), Ending::Reset);
}

TEST(SocketStreamMark, GrowsForAPeerThatIsQuickAndShrinksForOneThatIsNot) {
  PlainSocket listener = PlainSocket::listening({Ip::loopback4(), 0});
  SocketStream::setUp(listener.descriptor(), SocketStream::Role::Known);
  PlainSocket peer = PlainSocket::connected(listener.local());
  // A small one: what is refused is not behind megabytes that this thread has to read first.
  const int room = 64 * 1024;
  ASSERT_EQ(::setsockopt(peer.descriptor(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
  const int socket = listener.accept().release();
  Bench bench{1};
  std::optional<Upper> upper;
  bench.call([&] {
    upper.emplace(std::make_unique<SocketStream>(bench.reactor(), socket, Connections::Slot{},
                                                 SocketStream::Role::Known));
  });
  const auto mark = [&] {
    return bench.call([&] {
      int bytes = 0;
      socklen_t size = sizeof bytes;
      EXPECT_EQ(::getsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, &size), 0);
      return bytes;
    });
  };
  const std::string piece = pattern(64 * 1024);
  /// Sends until the kernel refuses something; returns what was sent.
  const auto fill = [&] {
    return bench.call([&] {
      std::string sent;
      for (; upper->stream().queued() == 0; sent += piece) upper->stream().send(asBytes(piece));
      return sent;
    });
  };
  const auto expect = [&](const std::string& sent) {
    EXPECT_TRUE(peer.receive(sent.size()) == sent);
  };
  const int least = mark();
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (mark() == least && std::chrono::steady_clock::now() < until) expect(fill());
  EXPECT_GE(mark(), 2 * least);
  const std::string sent = fill();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));  // the slowness that is tested
  expect(sent);
  EXPECT_EQ(mark(), least);
  bench.call([&] { upper.reset(); });
}

TEST(SocketStreamKilled, KillingTheProcessResetsThePeer_F_CUT) {
  PlainSocket listener = PlainSocket::listening({Ip::loopback4(), 0});
  SocketStream::setUp(listener.descriptor(), SocketStream::Role::Known);
  PlainSocket peer = PlainSocket::connected(listener.local());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    peer.close();
    Reactor reactor;
    const int socket = listener.accept().release();
    SocketStream stream(reactor, socket, {}, SocketStream::Role::Known);
    stream.send(asBytes("the first half"));
    ::raise(SIGKILL);
  }
  listener.close();
  EXPECT_EQ(peer.receive(14), "the first half");
  EXPECT_EQ(peer.ending(), Ending::Reset);
  int status = 0;
  ::waitpid(child, &status, 0);
}

}  // namespace
}  // namespace culvert::test

#include "net/Bench.h"
#include "net/UdpListener.h"
#include "net/UdpSource.h"
#include "net/UdpStream.h"

namespace culvert::test {
namespace {

const Endpoint kAny{Ip::loopback4(), 0};

ListenOptions udp(std::vector<Ip> addresses = {Ip::loopback4()}) {
  return {.network = Network::Udp, .addresses = std::move(addresses)};
}

class UdpTest : public ::testing::Test {
 protected:
  Bench bench_;
  Door& door_ = bench_.make<Door>();
};

TEST_F(UdpTest, CarriesDatagramsOfEverySizeWholeAndInOrder_F_UDP) {
  door_.echo = door_.resume = true;
  const Endpoint at = bench_.listen(door_, udp());
  PlainSocket visitor = PlainSocket::udp(kAny);
  for (const std::size_t size :
       {1U, 0U, 2U, 1400U, 1500U, 2048U, 2049U, 8192U, 32'768U, 65'000U, 65'507U}) {
    const std::string datagram = pattern(size);
    visitor.sendTo(datagram, at);
    const auto got = visitor.receiveFrom();
    ASSERT_TRUE(got) << size;
    EXPECT_TRUE(got->first == datagram) << size;
    EXPECT_EQ(got->second, at);
  }
  EXPECT_EQ(door_.count(), 1U);
  EXPECT_EQ(door_.guest(0).source, visitor.local());
  EXPECT_EQ(door_.guest(0).local, at);
}

TEST_F(UdpTest, KeepsSourcesApart_F_UDPMUX) {
  door_.echo = door_.resume = true;
  const Endpoint at = bench_.listen(door_, udp());
  PlainSocket one = PlainSocket::udp(kAny), two = PlainSocket::udp(kAny);
  one.sendTo("one", at);
  two.sendTo("two", at);
  EXPECT_EQ(one.receiveFrom()->first, "one");
  EXPECT_EQ(two.receiveFrom()->first, "two");
  EXPECT_EQ(door_.count(), 2U);
}

TEST_F(UdpTest, AnswersFromTheAddressThatWasAsked_F_UDP) {
  door_.echo = door_.resume = true;
  const Endpoint at = bench_.listen(door_, udp({}));
  PlainSocket visitor = PlainSocket::udp({Ip::any4(), 0});
  for (const char* address : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) {
    const Endpoint asked{Ip::parse(address).value(), at.port};
    visitor.sendTo("who?", asked);
    const auto got = visitor.receiveFrom();
    ASSERT_TRUE(got) << address;
    EXPECT_EQ(got->second, asked);
  }
  EXPECT_EQ(door_.count(), 3U);
  EXPECT_EQ(toString(door_.guest(1).local.ip), "127.0.0.2");
  PlainSocket six = PlainSocket::udp({Ip::loopback6(), 0});
  six.sendTo("who?", {Ip::loopback6(), at.port});
  EXPECT_EQ(six.receiveFrom()->second, (Endpoint{Ip::loopback6(), at.port}));
}

TEST_F(UdpTest, TheFirstDatagramsWaitForTheReaderAndTheOldestMakeRoom_LIM_13) {
  const Endpoint at = bench_.listen(door_, udp());
  PlainSocket visitor = PlainSocket::udp(kAny), marker = PlainSocket::udp(kAny);
  for (int i = 0; i < 70; ++i) visitor.sendTo(std::to_string(i), at);
  marker.sendTo("behind", at);
  ASSERT_TRUE(door_.waitFor(2));
  Upper& upper = *door_.guest(0).upper;
  bench_.call([&] { upper.stream().resume(); });
  ASSERT_TRUE(upper.waitForPackets(64));
  const std::vector<std::string> packets = upper.packets();
  EXPECT_EQ(packets.size(), 64U);
  EXPECT_EQ(packets.front(), "6");
  EXPECT_EQ(packets.back(), "69");
}

TEST_F(UdpTest, AFlowEndsWhenItHasBeenSilent_F_UDP) {
  ListenOptions options = udp();
  options.udpIdle = std::chrono::seconds(1);
  const Endpoint at = bench_.listen(door_, options);
  PlainSocket quiet = PlainSocket::udp(kAny), answered = PlainSocket::udp(kAny);
  quiet.sendTo("x", at);
  answered.sendTo("y", at);
  ASSERT_TRUE(door_.waitFor(2));
  bench_.call([&] { door_.guest(1).upper->stream().send(asBytes("answer")); });
  EXPECT_EQ(door_.guest(0).upper->waitForClosed(), make_error_code(Errc::Idle));
  EXPECT_EQ(door_.guest(1).upper->waitForClosed(std::chrono::milliseconds(0)), std::nullopt);
  // The next datagram from there is a new flow.
  quiet.sendTo("again", at);
  EXPECT_TRUE(door_.waitFor(3));
}

TEST_F(UdpTest, AbortAndDestructionForgetTheFlow) {
  const Endpoint at = bench_.listen(door_, udp());
  PlainSocket visitor = PlainSocket::udp(kAny);
  visitor.sendTo("1", at);
  ASSERT_TRUE(door_.waitFor(1));
  bench_.call([&] { door_.guest(0).upper->stream().abort(); });
  EXPECT_EQ(door_.guest(0).upper->waitForClosed(), make_error_code(Errc::Aborted));
  visitor.sendTo("2", at);
  ASSERT_TRUE(door_.waitFor(2));
  bench_.call([&] { (void)door_.guest(1).upper->release().reset(); });
  visitor.sendTo("3", at);
  EXPECT_TRUE(door_.waitFor(3));
}

TEST_F(UdpTest, OneSourceHas256FlowsAndTheLongestSilentGoes_LIM_13) {
  const Endpoint at = bench_.listen(door_, udp());
  std::vector<PlainSocket> visitors;
  for (std::size_t i = 0; i < UdpListener::kMostPerSource; ++i) {
    visitors.push_back(PlainSocket::udp(kAny));
    visitors.back().sendTo("x", at);
    ASSERT_TRUE(door_.waitFor(i + 1));
  }
  visitors[0].sendTo("still here", at);
  PlainSocket other = PlainSocket::udp({Ip::parse("127.0.0.9").value(), 0});
  other.sendTo("x", at);
  ASSERT_TRUE(door_.waitFor(257));
  visitors.push_back(PlainSocket::udp(kAny));
  visitors.back().sendTo("one too many", at);
  ASSERT_TRUE(door_.waitFor(258));
  EXPECT_EQ(door_.guest(1).upper->waitForClosed(), make_error_code(Errc::Overloaded));
  EXPECT_EQ(door_.guest(0).upper->waitForClosed(std::chrono::milliseconds(0)), std::nullopt);
}

TEST_F(UdpTest, AClosedListenerEndsItsFlows_F_RELOAD) {
  std::unique_ptr<Listening> listening;
  const Endpoint at = bench_.call([&] {
    listening = bench_.sockets->listen(bench_.reactor(), udp(), door_);
    return listening->local();
  });
  PlainSocket visitor = PlainSocket::udp(kAny);
  visitor.sendTo("x", at);
  ASSERT_TRUE(door_.waitFor(1));
  bench_.call([&] { listening.reset(); });
  EXPECT_EQ(door_.guest(0).upper->waitForClosed(), make_error_code(Errc::Stopped));
  bench_.call([&] { door_.guest(0).upper->stream().send(asBytes("to nobody")); });
}

TEST_F(UdpTest, SendsAtMostTheBurstToAnUnprovenSource_PORT_7) {
  const Endpoint at = bench_.listen(door_, udp());
  PlainSocket visitor = PlainSocket::udp(kAny);
  visitor.sendTo("x", at);
  ASSERT_TRUE(door_.waitFor(1));
  const std::string piece = pattern(16 * 1024);
  std::size_t received = 0;
  for (int i = 0; i < 32; ++i) {
    bench_.call([&] { door_.guest(0).upper->stream().send(asBytes(piece)); });
    char space[20'000];
    const ssize_t got = ::recv(visitor.descriptor(), space, sizeof space, MSG_DONTWAIT);
    if (got > 0) received += static_cast<std::size_t>(got);
  }
  EXPECT_GE(received, UdpSource::kBurstBytes);
  EXPECT_LE(received, UdpSource::kBurstBytes + 4 * piece.size());
}

TEST(UdpSource, IsTrustedAfterThreeDatagramsOverMoreThanOneRoundTrip_PORT_7) {
  const Clock::time_point start = Clock::now();
  UdpSource blind;
  for (int i = 0; i < 10; ++i) blind.onReceived();
  EXPECT_FALSE(blind.isTrusted());

  UdpSource asks;
  asks.onReceived();
  EXPECT_TRUE(asks.maySend(100, start));
  asks.onReceived();
  EXPECT_FALSE(asks.isTrusted());
  EXPECT_TRUE(asks.maySend(100, start));
  asks.onReceived();
  EXPECT_TRUE(asks.isTrusted());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(asks.maySend(65'507, start));
}

TEST(UdpSource, RefillsAt64KiBASecond_PORT_7) {
  const Clock::time_point start = Clock::now();
  UdpSource source;
  source.onReceived();
  EXPECT_TRUE(source.maySend(UdpSource::kBurstBytes, start));
  EXPECT_FALSE(source.maySend(1, start));
  EXPECT_FALSE(source.maySend(40'000, start + std::chrono::milliseconds(500)));
  EXPECT_TRUE(source.maySend(32'000, start + std::chrono::milliseconds(500)));
  EXPECT_TRUE(source.maySend(UdpSource::kBurstBytes, start + std::chrono::minutes(1)));
  EXPECT_FALSE(source.maySend(1000, start + std::chrono::minutes(1)));
}

TEST_F(UdpTest, ADialledStreamHearsItsPeerAndNobodyElse_REACH_6) {
  PlainSocket peer = PlainSocket::udp(kAny), intruder = PlainSocket::udp(kAny);
  Caller& caller = bench_.dial({Network::Udp, peer.local().ip, peer.local().port});
  ASSERT_TRUE(caller.upper());
  EXPECT_EQ(caller.remote(), peer.local());
  bench_.call([&] {
    caller.upper()->stream().resume();
    const Bytes pieces[] = {asBytes("que"), asBytes("stion")};
    caller.upper()->stream().send(pieces);
  });
  const auto question = peer.receiveFrom();
  ASSERT_TRUE(question);
  EXPECT_EQ(question->first, "question");
  intruder.sendTo("forged", question->second);
  for (const std::size_t size : {5U, 0U, 65'507U}) peer.sendTo(pattern(size), question->second);
  ASSERT_TRUE(caller.upper()->waitForPackets(3));
  EXPECT_TRUE(caller.upper()->packets() ==
              (std::vector<std::string>{pattern(5), pattern(0), pattern(65'507)}));
}

TEST_F(UdpTest, ADialledStreamToAClosedPortIsSilentAndCostsNothing) {
  PlainSocket gone = PlainSocket::udp(kAny);
  const Endpoint at = gone.local();
  gone.close();
  Caller& caller = bench_.dial({Network::Udp, at.ip, at.port});
  ASSERT_TRUE(caller.upper());
  bench_.call([&] {
    caller.upper()->stream().resume();
    caller.upper()->stream().send(asBytes("anybody?"));
  });
  // The port comes back: what is said there now arrives.
  PlainSocket back = PlainSocket::udp(at);
  bench_.call([&] { caller.upper()->stream().send(asBytes("hello")); });
  EXPECT_EQ(back.receiveFrom()->first, "hello");
  EXPECT_EQ(caller.upper()->waitForClosed(std::chrono::milliseconds(0)), std::nullopt);
}

}  // namespace
}  // namespace culvert::test

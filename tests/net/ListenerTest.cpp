#include "net/Bench.h"
#include "net/Listener.h"

#include <fcntl.h>
#include <sys/resource.h>

namespace culvert::test {
namespace {

using Ending = PlainSocket::Ending;

/// Restores the process's limits when it goes.
class Limits {
 public:
  Limits() { ::getrlimit(RLIMIT_NOFILE, &descriptors_); }
  ~Limits() {
    ::setrlimit(RLIMIT_NOFILE, &descriptors_);
    Connections::ofProcess().setLimit(connections_);
  }
  static void allowDescriptors(rlim_t count) {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    now.rlim_cur = std::min(count, now.rlim_max);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &now), 0);
  }
  /// The number the next descriptor would get.
  static rlim_t used() {
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    return static_cast<rlim_t>(next);
  }

 private:
  rlimit descriptors_{};
  std::size_t connections_ = Connections::ofProcess().limit();
};

Ip loopback(int third, int fourth) {
  const std::uint8_t bytes[] = {127, 0, static_cast<std::uint8_t>(third),
                                static_cast<std::uint8_t>(fourth)};
  return Ip::fromBytes(bytes);
}

TEST(Listener, ServesFourThousandVisitorsWhoComeAtOnce) {
  const Limits limits;
  Limits::allowDescriptors(16'384);
  Connections::ofProcess().setLimit(16'000);
  constexpr int kVisitors = 4000;
  Bench bench(2);
  Door& door = bench.make<Door>();
  door.echo = door.endBack = door.resume = true;
  const Endpoint at = bench.listen(door);

  std::vector<PlainSocket> visitors;
  for (int i = 0; i < kVisitors; ++i) {
    visitors.push_back(PlainSocket::connected(at, loopback(1 + i / 250, 1 + i % 250)));
    visitors.back().send("visitor " + std::to_string(i));
    visitors.back().end();
  }
  int served = 0;
  for (int i = 0; i < kVisitors; ++i) {
    const auto [text, ending] = visitors[static_cast<std::size_t>(i)].receiveAll();
    served += text == "visitor " + std::to_string(i) && ending == Ending::Fin;
  }
  EXPECT_EQ(served, kVisitors);
  bench.call([&] { door.clear(); });
  EXPECT_EQ(Connections::ofProcess().total(), 0U);
}

TEST(Listener, ResetsWhatWaitsWhileThereIsNoRoomAndServesAgainWhenThereIs_F_FD) {
  const Limits limits;
  Connections::ofProcess().setLimit(20);
  Bench bench;
  Door& door = bench.make<Door>();
  door.echo = door.resume = true;
  const Endpoint at = bench.listen(door);
  std::vector<PlainSocket> visitors;
  for (int i = 0; i < 40; ++i) visitors.push_back(PlainSocket::connected(at));

  const auto start = Clock::now();
  for (std::size_t i = 20; i < 40; ++i) EXPECT_EQ(visitors[i].ending(), Ending::Reset) << i;
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(4));
  EXPECT_EQ(door.count(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    visitors[i].send("still here");
    EXPECT_EQ(visitors[i].receive(10), "still here") << i;
  }

  bench.call([&] { door.erase(0, 5); });
  PlainSocket newcomer = PlainSocket::connected(at);
  newcomer.send("let in");
  EXPECT_EQ(newcomer.receive(6), "let in");
}

TEST(Listener, StrangersMayUseTheReserve_LIM_20) {
  const Limits limits;
  Connections::ofProcess().setLimit(2);
  Bench bench;
  Door &visitors = bench.make<Door>(), &strangers = bench.make<Door>();
  strangers.echo = strangers.resume = true;
  const Endpoint front = bench.listen(visitors);
  const Endpoint back =
      bench.listen(strangers, {.addresses = {Ip::loopback4()}, .strangers = true});
  const PlainSocket one = PlainSocket::connected(front), two = PlainSocket::connected(front);
  ASSERT_TRUE(visitors.waitFor(2));
  PlainSocket bridge = PlainSocket::connected(back);
  bridge.send("link");
  EXPECT_EQ(bridge.receive(4), "link");
}

TEST(Listener, SurvivesTheEndOfAllDescriptors_F_FD) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer opens pipes to look at memory and takes their absence for a bug";
#endif
  const Limits limits;
  Bench bench;
  Door& door = bench.make<Door>();
  door.echo = door.resume = true;
  const Endpoint at = bench.listen(door);
  std::vector<PlainSocket> visitors;
  for (int i = 0; i < 60; ++i) {
    visitors.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  Limits::allowDescriptors(Limits::used() + 20);
  const os::RawAddress raw = os::toRaw(at);
  for (PlainSocket& visitor : visitors) {
    ASSERT_EQ(::connect(visitor.descriptor(), raw.get(), raw.size), 0);
  }

  int served = 0, reset = 0;
  for (PlainSocket& visitor : visitors) {
    if (::send(visitor.descriptor(), "hi", 2, MSG_NOSIGNAL) == 2 && visitor.receive(2) == "hi") {
      ++served;
    } else {
      ++reset;
    }
  }
  EXPECT_GE(served, 15);
  EXPECT_GE(reset, 40);

  // The first ones leave: there is room again.
  bench.call([&] { door.erase(0, 10); });
  PlainSocket& newcomer = visitors.back();
  newcomer = PlainSocket::connected(at);
  newcomer.send("let in");
  EXPECT_EQ(newcomer.receive(6), "let in");
}

TEST(Listener, TakesBothFamiliesAndShowsIPv4AsIPv4_F_V6) {
  Bench bench;
  Door& door = bench.make<Door>();
  const Endpoint at = bench.listen(door, {});
  const PlainSocket four = PlainSocket::connected({Ip::loopback4(), at.port});
  ASSERT_TRUE(door.waitFor(1));
  EXPECT_EQ(door.guest(0).source, four.local());
  EXPECT_EQ(door.guest(0).local, (Endpoint{Ip::loopback4(), at.port}));
  const PlainSocket six = PlainSocket::connected({Ip::loopback6(), at.port});
  ASSERT_TRUE(door.waitFor(2));
  EXPECT_EQ(door.guest(1).source, six.local());
  EXPECT_EQ(door.guest(1).local, (Endpoint{Ip::loopback6(), at.port}));
}

TEST(Listener, TakesOneFamilyWhenAskedForOneAddress) {
  Bench bench;
  Door& door = bench.make<Door>();
  const Endpoint at = bench.listen(door, {.addresses = {Ip::any6()}});
  const PlainSocket six = PlainSocket::connected({Ip::loopback6(), at.port});
  EXPECT_THROW(PlainSocket::connected({Ip::loopback4(), at.port}), std::system_error);
}

TEST(Listener, SaysWhichAddressItCannotHave) {
  Bench bench;
  Door& door = bench.make<Door>();
  const Endpoint at = bench.listen(door);
  for (const Network network : {Network::Tcp, Network::Udp}) {
    const PlainSocket taken = PlainSocket::udp(at);
    try {
      bench.call([&] {
        try {
          (void)bench.sockets->listen(
              bench.reactor(), {.network = network, .addresses = {at.ip}, .port = at.port}, door);
          ADD_FAILURE() << "bound twice";
        } catch (const std::system_error& problem) {
          EXPECT_EQ(problem.code(), std::errc::address_in_use);
          EXPECT_NE(std::string(problem.what()).find(toString(at)), std::string::npos)
              << problem.what();
        }
      });
    } catch (const std::exception& problem) {
      ADD_FAILURE() << problem.what();
    }
  }
}

TEST(Listener, GivesLaterVisitorsToANewHandler) {
  Bench bench;
  Door &before = bench.make<Door>(), &after = bench.make<Door>();
  std::unique_ptr<Listening> listening;
  const Endpoint at = bench.call([&] {
    listening = bench.sockets->listen(bench.reactor(), {.addresses = {Ip::loopback4()}}, before);
    return listening->local();
  });
  const PlainSocket first = PlainSocket::connected(at);
  ASSERT_TRUE(before.waitFor(1));
  bench.call([&] { listening->setHandler(after); });
  const PlainSocket second = PlainSocket::connected(at);
  ASSERT_TRUE(after.waitFor(1));
  bench.call([&] { listening.reset(); });
  EXPECT_THROW(PlainSocket::connected(at), std::system_error);
  EXPECT_EQ(before.count() + after.count(), 2U);
}

}  // namespace
}  // namespace culvert::test

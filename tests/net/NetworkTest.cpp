// Networks that are broken or incomplete, each in a network namespace of the test's own; skipped
// where none may be made.
#include "net/Bench.h"
#include "net/SocketStream.h"

#include <cstring>
#include <fstream>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <thread>

namespace culvert::test {
namespace {

using std::chrono::seconds;

void setLoopback(bool up) {
  const PlainSocket socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = up ? IFF_UP | IFF_RUNNING | IFF_LOOPBACK : IFF_LOOPBACK;
  ASSERT_EQ(::ioctl(socket.descriptor(), SIOCSIFFLAGS, &request), 0);
}

/// Takes the IPv4 address from the loopback interface.
void removeIPv4() {
  const PlainSocket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_addr.sa_family = AF_INET;  // 0.0.0.0
  ASSERT_EQ(::ioctl(socket.descriptor(), SIOCSIFADDR, &request), 0);
}

/// Runs `work` on a thread in a network of its own; what it starts is there, too.
template <class Work>
bool inOwnNetwork(Work work) {
  bool isThere = false;
  std::thread thread([&] {
    isThere = ::unshare(CLONE_NEWNET) == 0;
    if (!isThere) return;
    setLoopback(true);
    work();
  });
  thread.join();
  return isThere;
}

/// A link to a plain peer.
struct LinkBench {
  LinkBench() {
    peer.emplace(PlainSocket::connected(bench.listen(door)));
    EXPECT_TRUE(door.waitFor(1));
    bench.call([this] {
      link().stream().beLink();
      link().stream().resume();
    });
  }
  Upper& link() { return *door.guest(0).upper; }
  Flow send(const std::string& text) {
    return bench.call([&] { return link().stream().send(asBytes(text)); });
  }

  Bench bench;
  Door& door = bench.make<Door>();
  std::optional<PlainSocket> peer;
};

TEST(Network, ALinkWhoseBytesAreNotAcknowledgedForTenSecondsIsDead_F_TUPLE) {
  const bool isThere = inOwnNetwork([] {
    LinkBench bench;
    bench.send("hello");
    EXPECT_EQ(bench.peer->receive(5), "hello");
    setLoopback(false);
    const auto start = Clock::now();
    bench.send("into the dark");
    EXPECT_EQ(bench.link().waitForClosed(seconds(20)), std::make_error_code(std::errc::timed_out));
    EXPECT_GE(Clock::now() - start, seconds(9));
    EXPECT_LE(Clock::now() - start, seconds(13));
  });
  if (!isThere) GTEST_SKIP() << "may not make a network namespace";
}

TEST(Network, ALinkWhosePeerIsThereButDoesNotReadLives_F_SLOW) {
  const bool isThere = inOwnNetwork([] {
    LinkBench bench;
    std::string sent;
    const std::string piece = pattern(64 * 1024);
    do sent += piece;
    while (bench.send(piece) == Flow::Open);
    EXPECT_EQ(bench.link().waitForClosed(seconds(14)), std::nullopt);
    EXPECT_TRUE(bench.peer->receive(sent.size()) == sent);
  });
  if (!isThere) GTEST_SKIP() << "may not make a network namespace";
}

TEST(Network, WorksWithoutAnyIPv4Address_F_V6) {
  const bool isThere = inOwnNetwork([] {
    removeIPv4();
    Bench bench(1, {.hostsFile = "/nowhere", .resolverFile = "/nowhere"});
    Door &door = bench.make<Door>(), &flows = bench.make<Door>();
    door.echo = door.resume = flows.echo = flows.resume = true;
    const Endpoint at = bench.listen(door, {});
    Caller& caller = bench.dial({Network::Tcp, std::string("localhost"), at.port});
    ASSERT_TRUE(caller.upper()) << caller.why().message();
    EXPECT_EQ(caller.remote().ip, Ip::loopback6());
    bench.call([&] {
      caller.upper()->stream().send(asBytes("hello"));
      caller.upper()->stream().resume();
    });
    EXPECT_TRUE(caller.upper()->waitForData(5));

    const Endpoint udp = bench.listen(flows, {.network = Network::Udp});
    Caller& packets = bench.dial({Network::Udp, std::string("localhost"), udp.port});
    ASSERT_TRUE(packets.upper()) << packets.why().message();
    bench.call([&] {
      packets.upper()->stream().send(asBytes("hello"));
      packets.upper()->stream().resume();
    });
    EXPECT_TRUE(packets.upper()->waitForPackets(1));

    // A name with an address of each family: the one there is no way to costs nothing.
    EXPECT_EQ(bench.dial({Network::Tcp, Ip::parse("192.0.2.1").value(), 80}).why(),
              std::errc::network_unreachable);
  });
  if (!isThere) GTEST_SKIP() << "may not make a network namespace";
}

TEST(Network, WorksWithoutIPv6_F_V6) {
  const bool isThere = inOwnNetwork([] {
    std::ofstream("/proc/sys/net/ipv6/conf/all/disable_ipv6") << "1";
    Bench bench(1, {.hostsFile = "/nowhere", .resolverFile = "/nowhere"});
    Door& door = bench.make<Door>();
    door.echo = door.resume = true;
    const Endpoint at = bench.listen(door, {});
    Caller& caller = bench.dial({Network::Tcp, std::string("localhost"), at.port});
    ASSERT_TRUE(caller.upper()) << caller.why().message();
    EXPECT_EQ(caller.remote().ip, Ip::loopback4());
    ASSERT_TRUE(door.waitFor(1));
    EXPECT_EQ(door.guest(0).source.ip, Ip::loopback4());
  });
  if (!isThere) GTEST_SKIP() << "may not make a network namespace";
}

}  // namespace
}  // namespace culvert::test

#include "net/Bench.h"
#include "net/Connector.h"

#include <filesystem>
#include <fstream>

namespace culvert::test {
namespace {

using std::chrono::milliseconds;

/// A file of the test's own, removed when it goes.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text = "") {
    std::string name = (std::filesystem::temp_directory_path() / "culvert-test-XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    if (descriptor >= 0) ::close(descriptor);
    path_ = name;
    write(text);
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  void write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// A port at which nobody answers: its queue of connections is full.
class SilentPort {
 public:
  explicit SilentPort(const Endpoint& at) : listener_(PlainSocket::listening(at, 0)) {
    for (int i = 0; i < 4; ++i) {
      fillers_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      const os::RawAddress raw = os::toRaw(listener_.local());
      (void)::connect(fillers_.back().descriptor(), raw.get(), raw.size);
    }
  }
  [[nodiscard]] Endpoint local() const { return listener_.local(); }
  /// The next attempt of whoever still dials is answered.
  void makeRoom() {
    fillers_.clear();
    static_cast<void>(listener_.accept());
  }

 private:
  PlainSocket listener_;
  std::vector<PlainSocket> fillers_;
};

const Endpoint kAny{Ip::loopback4(), 0};

Destination tcp(const Endpoint& to) {
  return {Network::Tcp, to.ip, to.port};
}
Destination tcp(const std::string& name, std::uint16_t port) {
  return {Network::Tcp, name, port};
}

/// A port nobody listens at.
Endpoint closedPort() {
  return PlainSocket::udp(kAny).local();
}

TEST(Connector, GivesAPausedStreamWhoseSuddenEndIsAReset_F_CUT) {
  Bench bench;
  PlainSocket listener = PlainSocket::listening(kAny);
  Caller& caller = bench.dial(tcp(listener.local()));
  ASSERT_TRUE(caller.upper()) << caller.why().message();
  EXPECT_EQ(caller.remote(), listener.local());
  PlainSocket target = listener.accept();
  target.send("hello");
  bench.call([&] {
    caller.upper()->stream().send(asBytes("hi"));
    caller.upper()->stream().resume();
  });
  EXPECT_EQ(target.receive(2), "hi");
  EXPECT_TRUE(caller.upper()->waitForData(5));
  bench.call([&] { caller.upper().reset(); });
  EXPECT_EQ(target.ending(), PlainSocket::Ending::Reset);
}

TEST(Connector, FailsFastWhenRefused_F_ORDER) {
  Bench bench;
  const auto start = Clock::now();
  Caller& caller = bench.dial(tcp(closedPort()));
  EXPECT_EQ(caller.why(), std::errc::connection_refused);
  EXPECT_LT(Clock::now() - start, milliseconds(900));
  EXPECT_EQ(Connections::ofProcess().total(), 0U);
}

TEST(Connector, GivesUpWhenItsTimeIsOver_LIM_12) {
  Bench bench;
  const SilentPort silent(kAny);
  const auto start = Clock::now();
  Caller& caller = bench.dial(tcp(silent.local()), {.timeout = milliseconds(400)});
  EXPECT_EQ(caller.why(), make_error_code(Errc::TimedOut));
  EXPECT_GE(Clock::now() - start, milliseconds(400));
  EXPECT_LT(Clock::now() - start, milliseconds(1200));
}

TEST(Connector, WaitsForAnAnswerThatTakesItsTime) {
  Bench bench;
  SilentPort slow(kAny);
  Caller& caller = bench.make<Caller>();
  HandlePtr dial;
  bench.call([&] {
    dial = bench.sockets->dial(bench.reactor(), tcp(slow.local()), {.timeout = milliseconds(9000)},
                               caller);
  });
  slow.makeRoom();  // the kernel asks again after a second
  ASSERT_TRUE(caller.wait());
  ASSERT_TRUE(caller.upper()) << caller.why().message();
  EXPECT_EQ(caller.remote(), slow.local());
  bench.call([&] { dial.reset(); });
}

TEST(Connector, TriesEveryAddressOfAName_F_DNS) {
  PlainSocket listener = PlainSocket::listening(kAny);
  const TemporaryFile hosts(
      "127.0.0.2 portal\n127.0.0.3 portal\n127.0.0.1 portal # the living one\n");
  Bench bench(1, {.hostsFile = hosts.path()});
  Caller& caller = bench.dial(tcp("portal", listener.local().port));
  ASSERT_TRUE(caller.upper()) << caller.why().message();
  EXPECT_EQ(caller.remote(), listener.local());
}

TEST(Connector, DoesNotWaitForADeadFirstAddress_F_DNS) {
  PlainSocket listener = PlainSocket::listening(kAny);
  const SilentPort silent({Ip::parse("127.0.0.2").value(), listener.local().port});
  const TemporaryFile hosts("127.0.0.2 portal\n127.0.0.1 portal\n");
  Bench bench(1, {.hostsFile = hosts.path()});
  const auto start = Clock::now();
  Caller& caller = bench.dial(tcp("portal", listener.local().port));
  ASSERT_TRUE(caller.upper()) << caller.why().message();
  EXPECT_EQ(caller.remote(), listener.local());
  EXPECT_GE(Clock::now() - start, milliseconds(250));
  EXPECT_LT(Clock::now() - start, milliseconds(1000));
  EXPECT_EQ(Connections::ofProcess().total(), 1U);
}

TEST(Connector, PrefersIPv6AndFallsBackToIPv4) {
  PlainSocket four = PlainSocket::listening(kAny);
  const TemporaryFile hosts("127.0.0.1 both\n::1 both\n");
  Bench bench(1, {.hostsFile = hosts.path()});
  Caller& fallen = bench.dial(tcp("both", four.local().port));
  EXPECT_EQ(fallen.remote(), four.local());
  PlainSocket six = PlainSocket::listening({Ip::loopback6(), four.local().port});
  EXPECT_EQ(bench.dial(tcp("both", four.local().port)).remote(), six.local());
  EXPECT_EQ(bench.dial(tcp("both", four.local().port), {.families = Families::V4First}).remote(),
            four.local());
  EXPECT_EQ(bench.dial(tcp("both", four.local().port), {.families = Families::V4}).remote(),
            four.local());
  EXPECT_EQ(bench.dial(tcp("both", four.local().port), {.from = {Ip::loopback4()}}).remote(),
            four.local());
}

TEST(Connector, DialsFromTheAddressItIsTold) {
  Bench bench;
  Door& door = bench.make<Door>();
  const Endpoint at = bench.listen(door);
  const Ip from = Ip::parse("127.0.0.7").value();
  Caller& caller = bench.dial(tcp(at), {.from = {from}});
  ASSERT_TRUE(caller.upper());
  ASSERT_TRUE(door.waitFor(1));
  EXPECT_EQ(door.guest(0).source.ip, from);
}

TEST(Connector, AsksTheJudgeAboutEveryAddressItDials_REACH_4) {
  PlainSocket listener = PlainSocket::listening(kAny);
  const std::uint16_t port = listener.local().port;
  const TemporaryFile hosts("127.0.0.2 mixed\n127.0.0.1 mixed\n127.0.0.2 bad\n");
  Bench bench(1, {.hostsFile = hosts.path()});
  const PlainSocket forbidden = PlainSocket::listening({Ip::parse("127.0.0.2").value(), port});
  const auto judge = [](const Endpoint& remote) {
    return remote.ip == Ip::loopback4() ? std::error_code() : make_error_code(Errc::Refused);
  };
  EXPECT_EQ(bench.dial(tcp("mixed", port), {.judge = judge}).remote(), listener.local());
  EXPECT_EQ(bench.dial(tcp("bad", port), {.judge = judge}).why(), make_error_code(Errc::Refused));
  EXPECT_EQ(bench.dial(tcp(forbidden.local()), {.judge = judge}).why(),
            make_error_code(Errc::Refused));
  EXPECT_EQ(bench.dial({Network::Udp, std::string("bad"), port}, {.judge = judge}).why(),
            make_error_code(Errc::Refused));
}

TEST(Connector, RefusesNumbersThatLookLikeNames_REACH_5) {
  PlainSocket listener = PlainSocket::listening(kAny);
  Bench bench;
  for (const char* name : {"2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.",
                           "0x7f000001", "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.\xEF\xBC\x91"}) {
    Caller& caller = bench.dial(tcp(name, listener.local().port));
    EXPECT_EQ(caller.why(), make_error_code(Errc::BadAddress)) << name;
    EXPECT_EQ(caller.answers(), 1) << name;
  }
}

TEST(Connector, LetsNoMoreThanTheLimitDialAtOnce_LIM_12) {
  Bench bench(1, {}, 1);
  const SilentPort silent(kAny);
  PlainSocket listener = PlainSocket::listening(kAny);
  Caller &first = bench.make<Caller>(), &second = bench.make<Caller>(),
         &third = bench.make<Caller>();
  std::vector<HandlePtr> handles;
  const auto dial = [&](const Endpoint& to, milliseconds timeout, Caller& caller) {
    handles.push_back(bench.sockets->dial(bench.reactor(), tcp(to), {.timeout = timeout}, caller));
  };
  bench.call([&] {
    dial(silent.local(), milliseconds(600), first);
    dial(listener.local(), milliseconds(200), second);
    dial(listener.local(), milliseconds(5000), third);
  });
  ASSERT_TRUE(second.wait());
  EXPECT_EQ(second.why(), make_error_code(Errc::TimedOut));
  EXPECT_EQ(first.answers(), 0);
  ASSERT_TRUE(third.wait());
  EXPECT_TRUE(third.upper());
  EXPECT_EQ(first.why(), make_error_code(Errc::TimedOut));
  bench.call([&] { handles.clear(); });
}

TEST(Connector, SaysNothingWhenItsHandleIsDestroyed) {
  Bench bench;
  PlainSocket listener = PlainSocket::listening(kAny);
  Caller &cancelled = bench.make<Caller>(), &other = bench.make<Caller>();
  HandlePtr kept;
  bench.call([&] {
    HandlePtr dropped = bench.sockets->dial(bench.reactor(), tcp(listener.local()), {}, cancelled);
    kept = bench.sockets->dial(bench.reactor(), tcp(listener.local()), {}, other);
  });
  ASSERT_TRUE(other.wait());
  EXPECT_EQ(cancelled.answers(), 0);
  bench.call([&] { kept.reset(); });
}

TEST(Connector, FailsWithoutDescriptorsButLinksMayUseTheReserve_LIM_20) {
  const std::size_t limit = Connections::ofProcess().limit();
  Connections::ofProcess().setLimit(0);
  Bench bench;
  PlainSocket listener = PlainSocket::listening(kAny);
  EXPECT_EQ(bench.dial(tcp(listener.local())).why(), make_error_code(Errc::Overloaded));
  EXPECT_TRUE(bench.dial(tcp(listener.local()), {.mayUseReserve = true}).upper());
  Connections::ofProcess().setLimit(limit);
}

}  // namespace
}  // namespace culvert::test

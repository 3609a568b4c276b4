#include "base/Buffer.h"
#include "base/Cursor.h"
#include "net/Bench.h"
#include "net/Resolver.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>
#include <time.h>

namespace culvert::test {
namespace {

using std::chrono::milliseconds;

Ip ip(const char* text) {
  return Ip::parse(text).value();
}

/// A name server on loopback that says what it is told to say.
class FakeNameServer {
 public:
  enum class Mood { Answering, Silent, OnlyV4Answers, Failing, NoSuchName };

  explicit FakeNameServer(const Endpoint& at = {Ip::loopback4(), 0})
      : socket_(PlainSocket::udp(at)), at_(socket_.local()) {
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeNameServer() {
    ending_ = true;
    PlainSocket::udp({Ip::loopback4(), 0}).sendTo("", at_);
    thread_.join();
  }
  FakeNameServer(const FakeNameServer&) = delete;
  FakeNameServer& operator=(const FakeNameServer&) = delete;

  void set(std::vector<Ip> addresses, std::uint32_t ttl) {
    const std::lock_guard<std::mutex> lock(mutex_);
    addresses_ = std::move(addresses);
    ttl_ = ttl;
  }
  void setMood(Mood mood) { mood_ = mood; }
  [[nodiscard]] Endpoint local() const { return at_; }
  [[nodiscard]] int questions() const { return questions_; }

 private:
  static constexpr std::uint16_t kA = 1, kAaaa = 28;

  void serve() {
    while (!ending_) {
      const auto got = socket_.receiveFrom();
      if (!got || got->first.size() < 12) continue;
      ++questions_;
      Buffer answer;
      if (reply(asBytes(got->first), answer)) socket_.sendTo(asText(answer.view()), got->second);
    }
  }

  bool reply(Bytes query, Buffer& out) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Cursor in(query);
    const std::uint16_t id = in.u16be();
    in.take(10);
    const std::size_t nameAt = in.used();
    for (std::uint8_t label = in.u8(); label != 0; label = in.u8()) in.take(label);
    const std::uint16_t type = in.u16be();
    in.u16be();
    const Bytes question = query.subspan(nameAt, in.used() - nameAt);
    const Mood mood = mood_;
    if (mood == Mood::Silent || (mood == Mood::OnlyV4Answers && type == kAaaa)) return false;
    const std::uint16_t code = mood == Mood::Failing ? 2 : mood == Mood::NoSuchName ? 3 : 0;
    std::vector<Ip> matching;
    for (const Ip& address : addresses_) {
      if (code == 0 && address.isV4() == (type == kA)) matching.push_back(address);
    }
    out.appendU16be(id);
    out.appendU16be(static_cast<std::uint16_t>(0x8180 | code));
    out.appendU16be(1);
    out.appendU16be(static_cast<std::uint16_t>(matching.size()));
    out.appendU32be(0);
    out.append(question);
    for (const Ip& address : matching) {
      out.appendU16be(0xC00C);
      out.appendU16be(type);
      out.appendU16be(1);
      out.appendU32be(ttl_);
      out.appendU16be(static_cast<std::uint16_t>(address.bytes().size()));
      out.append(address.bytes());
    }
    return true;
  }

  PlainSocket socket_;
  const Endpoint at_;
  std::mutex mutex_;
  std::vector<Ip> addresses_;
  std::uint32_t ttl_ = 0;
  std::atomic<Mood> mood_{Mood::Answering};
  std::atomic<int> questions_{0};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

struct Outcome {
  std::error_code error;
  std::vector<std::string> addresses;
  Clock::duration took;
};

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() {
    std::string name = (std::filesystem::temp_directory_path() / "culvert-hosts-XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    if (descriptor >= 0) ::close(descriptor);
    hosts_ = name;
    bench_.emplace(
        2, ResolverOptions{
               .hostsFile = hosts_, .resolverFile = "/nowhere", .servers = {server_.local()}});
  }
  ~ResolverTest() override {
    bench_.reset();
    std::filesystem::remove(hosts_);
  }

  std::future<Outcome> ask(const std::string& name, Families families = Families::Any,
                           std::size_t reactor = 0) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    Reactor& home = bench_->reactor(reactor);
    callOn(home, [&, promise] {
      auto handle = std::make_shared<HandlePtr>();
      const auto start = Clock::now();
      *handle = bench_->sockets->resolve(
          home, name, families,
          [promise, handle, start](std::error_code error, std::vector<Ip> found) {
            Outcome outcome{error, {}, Clock::now() - start};
            for (const Ip& one : found) outcome.addresses.push_back(toString(one));
            promise->set_value(outcome);
            handle->reset();
          });
    });
    return promise->get_future();
  }
  Outcome resolve(const std::string& name, Families families = Families::Any,
                  std::size_t reactor = 0) {
    return ask(name, families, reactor).get();
  }
  void writeHosts(const std::string& text) { std::ofstream(hosts_, std::ios::trunc) << text; }

  using Names = std::vector<std::string>;
  using Mood = FakeNameServer::Mood;

  FakeNameServer server_;
  std::string hosts_;
  std::optional<Bench> bench_;
};

TEST_F(ResolverTest, FindsAddressesOfBothFamiliesInTurn) {
  server_.set({ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")}, 30);
  Outcome outcome = resolve("portal.test");
  EXPECT_EQ(outcome.error, std::error_code());
  ASSERT_EQ(outcome.addresses.size(), 3U);
  EXPECT_EQ(outcome.addresses[0], "2001:db8::1");
  EXPECT_EQ(resolve("portal.test", Families::V4).addresses.size(), 2U);
  EXPECT_EQ(resolve("portal.test", Families::V6).addresses, Names{"2001:db8::1"});
  EXPECT_EQ(resolve("portal.test", Families::V4First).addresses[1], "2001:db8::1");
}

TEST_F(ResolverTest, AsksOnceWhileTheAnswerIsFreshOnEveryReactor_F_DNS) {
  server_.set({ip("192.0.2.1")}, 30);
  for (const std::size_t reactor : {0U, 1U, 0U, 1U}) {
    EXPECT_EQ(resolve("portal.test", Families::Any, reactor).addresses, Names{"192.0.2.1"});
  }
  EXPECT_EQ(server_.questions(), 2);  // A and AAAA
  EXPECT_EQ(resolve("PORTAL.test.").addresses, Names{"192.0.2.1"});
  EXPECT_EQ(server_.questions(), 2);
}

TEST_F(ResolverTest, AsksAgainWhenTheAnswerMayNotBeKept_F_DNS) {
  server_.set({ip("192.0.2.1")}, 0);
  EXPECT_EQ(resolve("portal.test").addresses, Names{"192.0.2.1"});
  server_.set({ip("192.0.2.9")}, 0);
  EXPECT_EQ(resolve("portal.test").addresses, Names{"192.0.2.9"});
}

TEST_F(ResolverTest, ManyWhoAskTogetherShareOneQuestion) {
  server_.set({ip("192.0.2.1")}, 0);
  server_.setMood(Mood::Silent);
  std::vector<std::future<Outcome>> asked;
  for (int i = 0; i < 20; ++i) asked.push_back(ask("portal.test"));
  server_.setMood(Mood::Answering);  // the second try is answered
  for (auto& one : asked) EXPECT_EQ(one.get().addresses, Names{"192.0.2.1"});
  EXPECT_LE(server_.questions(), 4);
}

TEST_F(ResolverTest, UsesTheLastGoodAddressWhenTheServerIsSilent_F_DNS) {
  server_.set({ip("192.0.2.1")}, 0);
  EXPECT_EQ(resolve("portal.test").addresses, Names{"192.0.2.1"});
  server_.setMood(Mood::Silent);
  const Outcome outcome = resolve("portal.test");
  EXPECT_EQ(outcome.addresses, Names{"192.0.2.1"});
  EXPECT_GE(outcome.took, std::chrono::seconds(1));
  EXPECT_LT(outcome.took, std::chrono::seconds(3));
}

TEST_F(ResolverTest, UsesTheLastGoodAddressAtOnceWhenTheServerFails_F_DNS) {
  server_.set({ip("192.0.2.1")}, 0);
  EXPECT_EQ(resolve("portal.test").addresses, Names{"192.0.2.1"});
  server_.setMood(Mood::Failing);
  EXPECT_EQ(resolve("portal.test").addresses, Names{"192.0.2.1"});
}

TEST_F(ResolverTest, EndsWithinFiveSecondsWhenTheServerIsSilent_F_DNSHANG) {
  server_.setMood(Mood::Silent);
  std::future<Outcome> hanging = ask("portal.test");
  // Meanwhile others are not delayed.
  writeHosts("192.0.2.7 written.test\n");
  EXPECT_LT(resolve("written.test").took, std::chrono::seconds(1));
  const Outcome outcome = hanging.get();
  EXPECT_EQ(outcome.error, make_error_code(Errc::NameFailed));
  EXPECT_TRUE(outcome.addresses.empty());
  EXPECT_GE(outcome.took, std::chrono::seconds(4));
  EXPECT_LT(outcome.took, std::chrono::seconds(6));
  // And the next question is a new one.
  server_.set({ip("192.0.2.1")}, 0);
  server_.setMood(Mood::Answering);
  const Outcome next = resolve("portal.test");
  EXPECT_EQ(next.addresses, Names{"192.0.2.1"});
  EXPECT_LT(next.took, std::chrono::seconds(1));
}

TEST_F(ResolverTest, DoesNotWaitLongForTheOtherFamily) {
  server_.set({ip("192.0.2.1")}, 30);
  server_.setMood(Mood::OnlyV4Answers);
  const Outcome outcome = resolve("portal.test");
  EXPECT_EQ(outcome.addresses, Names{"192.0.2.1"});
  EXPECT_LT(outcome.took, milliseconds(900));
}

TEST_F(ResolverTest, TellsMissingNamesFromSilentServers) {
  server_.setMood(Mood::NoSuchName);
  EXPECT_EQ(resolve("missing.test").error, make_error_code(Errc::NameNotFound));
  server_.setMood(Mood::Answering);
  EXPECT_EQ(resolve("empty.test").error, make_error_code(Errc::NameNotFound));
  server_.setMood(Mood::Failing);
  EXPECT_EQ(resolve("failing.test").error, make_error_code(Errc::NameFailed));
  server_.set({ip("192.0.2.1")}, 30);
  server_.setMood(Mood::Answering);
  EXPECT_EQ(resolve("missing.test").addresses, Names{"192.0.2.1"});  // failures are not remembered
}

TEST_F(ResolverTest, TheHostsFileComesFirstAndIsReadAgainWhenItChanged_F_DNS) {
  server_.set({ip("192.0.2.1")}, 30);
  writeHosts(
      "# comment\n192.0.2.5\tserveraddr.com alias.test # more\n2001:db8::5 "
      "serveraddr.com\nnonsense line\n");
  EXPECT_EQ(resolve("serveraddr.com").addresses, (Names{"2001:db8::5", "192.0.2.5"}));
  EXPECT_EQ(resolve("ALIAS.test").addresses, Names{"192.0.2.5"});
  EXPECT_EQ(server_.questions(), 0);
  writeHosts("192.0.2.66 serveraddr.com\n");
  EXPECT_EQ(resolve("serveraddr.com").addresses, Names{"192.0.2.66"});
}

TEST_F(ResolverTest, LocalhostIsLoopbackWithoutAsking) {
  EXPECT_EQ(resolve("localhost", Families::V4).addresses, Names{"127.0.0.1"});
  EXPECT_EQ(resolve("a.localhost", Families::V6).addresses, Names{"::1"});
  EXPECT_EQ(server_.questions(), 0);
}

TEST_F(ResolverTest, AClosedPortFailsWithoutSpinning_F_DNSHANG) {
  const Endpoint closed = PlainSocket::udp({Ip::loopback4(), 0}).local();
  Bench bench(1, {.hostsFile = hosts_, .resolverFile = "/nowhere", .servers = {closed}});
  const auto cpu = [] {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
  };
  const auto before = bench.call(cpu);
  std::promise<std::error_code> failed;
  HandlePtr handle;
  bench.call([&] {
    handle = bench.sockets->resolve(
        bench.reactor(), "portal.test", Families::Any,
        [&](std::error_code error, const std::vector<Ip>&) { failed.set_value(error); });
  });
  EXPECT_EQ(failed.get_future().get(), make_error_code(Errc::NameFailed));
  // Two seconds pass; one that spins takes all of them, an instrumented build some of them.
  EXPECT_LT(bench.call(cpu) - before, milliseconds(1000));
  bench.call([&] { handle.reset(); });
}

TEST(ResolverFile, AnotherServerIsAskedWhenTheFileChanges_F_DNS) {
  std::string name = (std::filesystem::temp_directory_path() / "culvert-resolv-XXXXXX").string();
  ::close(::mkstemp(name.data()));
  FakeNameServer first;
  FakeNameServer second({ip("127.0.0.2"), first.local().port});
  first.set({ip("192.0.2.1")}, 0);
  second.set({ip("192.0.2.2")}, 0);
  const auto write = [&](const FakeNameServer& server) {
    std::ofstream(name, std::ios::trunc) << "nameserver " << toString(server.local().ip) << "\n";
  };
  write(first);
  {
    Bench bench(1,
                {.hostsFile = "/nowhere", .resolverFile = name, .serverPort = first.local().port});
    const auto resolve = [&] {
      auto found = std::make_shared<std::promise<std::string>>();
      auto handle = std::make_shared<HandlePtr>();
      bench.call([&] {
        *handle = bench.sockets->resolve(
            bench.reactor(), "portal.test", Families::V4,
            [found](std::error_code error, const std::vector<Ip>& all) {
              found->set_value(error ? error.message() : toString(all.front()));
            });
      });
      const std::string text = found->get_future().get();
      bench.call([&] { handle->reset(); });
      return text;
    };
    EXPECT_EQ(resolve(), "192.0.2.1");
    write(second);
    EXPECT_EQ(resolve(), "192.0.2.2");
  }
  std::filesystem::remove(name);
}

TEST(ResolvableName, IsANameAndNotANumber_REACH_5) {
  for (const char* good :
       {"a", "portal.test", "portal.test.", "xn--bcher-kva.example", "_srv.example", "1.example",
        "0x7f.example", "127.0.0.1.nip.io", "a-b.c1"}) {
    EXPECT_TRUE(isResolvableName(good)) << good;
  }
  for (const char* bad : {"",
                          ".",
                          "..",
                          "a..b",
                          ".a",
                          "2130706433",
                          "0x7f.1",
                          "0177.0.0.1",
                          "127.1",
                          "127.0.0.1",
                          "127.0.0.1.",
                          "1.2.3.0x4",
                          "0X7F000001",
                          "a.1",
                          "::1",
                          "[::1]",
                          "a b",
                          "a/b",
                          "b\xC3\xBC"
                          "cher.de",
                          "\xEF\xBC\x91.test",
                          "a%25eth0"}) {
    EXPECT_FALSE(isResolvableName(bad)) << bad;
  }
  EXPECT_TRUE(isResolvableName(std::string(63, 'a') + ".test"));
  EXPECT_FALSE(isResolvableName(std::string(64, 'a') + ".test"));
  std::string longest;
  while (longest.size() < 253) longest += std::string(49, 'a') + ".";
  EXPECT_FALSE(isResolvableName(longest + "aaaaa"));
}

TEST(NameCacheUnit, KeepsAnAnswerNoLongerThanItsTimeToLiveAndNeverOverAMinute_F_DNS) {
  NameCache cache;
  const Clock::time_point start = Clock::now();
  cache.store("a", false, {ip("192.0.2.1")}, std::chrono::seconds(10), start);
  cache.store("b", false, {ip("192.0.2.2")}, std::chrono::hours(10), start);
  EXPECT_TRUE(cache.find("a", false, start + std::chrono::seconds(9)).fresh);
  EXPECT_FALSE(cache.find("a", false, start + std::chrono::seconds(10)).fresh);
  EXPECT_EQ(cache.find("a", false, start + std::chrono::hours(9)).addresses.size(), 1U);
  EXPECT_TRUE(cache.find("b", false, start + std::chrono::seconds(59)).fresh);
  EXPECT_FALSE(cache.find("b", false, start + std::chrono::seconds(60)).fresh);
  EXPECT_FALSE(cache.find("b", true, start).fresh);
}

TEST(NameCacheUnit, ForgetsTheLeastRecentlyAskedForWhenFull) {
  NameCache cache;
  const Clock::time_point start = Clock::now();
  const auto store = [&](const std::string& name) {
    cache.store(name, false, {ip("192.0.2.1")}, std::chrono::seconds(60), start);
  };
  for (std::size_t i = 0; i < NameCache::kMostNames; ++i) store(std::to_string(i));
  EXPECT_TRUE(cache.find("0", false, start).fresh);
  store("one more");
  EXPECT_TRUE(cache.find("0", false, start).fresh);
  EXPECT_FALSE(cache.find("1", false, start).fresh);
}

}  // namespace
}  // namespace culvert::test

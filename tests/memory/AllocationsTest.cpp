// What a visitor costs in heap allocations, Poco's and the library's included, counted on the
// threads of a portal and a bridge; left out under the sanitizers, which have allocators of their
// own.
#include "app/LoopbackPeers.h"
#include "app/Program.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include "support/CountedNew.h"

#include <algorithm>
#include <future>
#include <optional>
#include <vector>

namespace culvert::app {
namespace {

constexpr const char* kId = "0b7c1de4-6a5d-4c3b-9e0f-2a1b3c4d5e6f";

struct Count {
  std::size_t portal = 0, bridge = 0;
};

/// Runs `work` on the reactor's thread and returns what it returns.
template <class Work>
auto callOn(Reactor& reactor, Work work) {
  std::promise<std::invoke_result_t<Work>> promise;
  auto future = promise.get_future();
  reactor.post([&] { promise.set_value(work()); });
  return future.get();
}

/// A portal and a bridge in one process, each on a thread of its own, and a service.
class AllocationsTest : public testing::Test {
 protected:
  using Connection = Poco::Net::StreamSocket;

  AllocationsTest() {
    portal_.run(
        R"({"reverse": {"portals": [{"tag": "portal", "domain": "tunnel.test"}]},
          "inbounds": [
            {"tag": "door", "listen": "127.0.0.1", "port": )" +
        std::to_string(public_) +
        R"(, "protocol": "dokodemo-door", "settings": {"address": "127.0.0.1", "port": )" +
        std::to_string(service_.address().port()) + R"(}},
            {"tag": "tunnel", "listen": "127.0.0.1", "port": )" +
        std::to_string(tunnel_) + R"(, "protocol": "vmess", "settings": {"clients": [{"id": ")" +
        kId + R"("}]}}],
          "routing": {"rules": [
            {"type": "field", "inboundTag": ["door"], "outboundTag": "portal"},
            {"type": "field", "inboundTag": ["tunnel"], "domain": ["full:tunnel.test"],
             "outboundTag": "portal"}]}})");
    bridge_.run(
        R"({"reverse": {"bridges": [{"tag": "bridge", "domain": "tunnel.test"}]},
          "outbounds": [
            {"tag": "tunnel", "protocol": "vmess", "settings": {"vnext": [
              {"address": "127.0.0.1", "port": )" +
        std::to_string(tunnel_) + R"(, "users": [{"id": ")" + kId + R"("}]}]}},
            {"tag": "out", "protocol": "freedom", "settings": {}}],
          "routing": {"rules": [
            {"type": "field", "inboundTag": ["bridge"], "domain": ["full:tunnel.test"],
             "outboundTag": "tunnel"},
            {"type": "field", "inboundTag": ["bridge"], "outboundTag": "out"}]}})");
  }

  struct Visitor {
    Connection outside, inside;
  };

  /// Comes, and has reached the service.
  Visitor arrive() {
    Connection outside(Poco::Net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(public_)));
    return {outside, service_.acceptConnection()};
  }
  static void say(Connection& from, Connection& to) {
    char byte = 'x';
    from.sendBytes(&byte, 1);
    ASSERT_EQ(to.receiveBytes(&byte, 1), 1);
  }
  /// Both ends say goodbye.
  static void leave(Visitor& visitor) {
    char byte = 0;
    visitor.outside.shutdownSend();
    ASSERT_EQ(visitor.inside.receiveBytes(&byte, 1), 0);
    visitor.inside.shutdownSend();
    ASSERT_EQ(visitor.outside.receiveBytes(&byte, 1), 0);
  }

  /// So far; waits until both have done what they were at.
  Count count() {
    const auto read = [] { return test::allocations; };
    // What one has sent the other may still be at, and the other way round.
    for (int i = 0; i < 2; ++i) {
      callOn(portal_.reactor(), read);
      callOn(bridge_.reactor(), read);
    }
    return {callOn(portal_.reactor(), read), callOn(bridge_.reactor(), read)};
  }

  const int public_ = freePort(), tunnel_ = freePort();
  Poco::Net::ServerSocket service_{Poco::Net::SocketAddress("127.0.0.1", 0), 1024};
  Program portal_{1}, bridge_{1};
};

/// The value that half of them do not exceed: what comes now and then, a beat or another link, is
/// nobody's cost.
std::size_t median(std::vector<std::size_t> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// What something costs at both ends, less what counting itself does.
class Costs {
 public:
  explicit Costs(std::function<Count()> count) : count_(std::move(count)) {}

  template <class Work>
  void of(Work work) {
    const Count before = count_(), idle = count_();
    work();
    const Count after = count_();
    portal_.push_back(less(after.portal - idle.portal, idle.portal - before.portal));
    bridge_.push_back(less(after.bridge - idle.bridge, idle.bridge - before.bridge));
  }
  Count usual() const { return {median(portal_), median(bridge_)}; }

 private:
  static std::size_t less(std::size_t count, std::size_t own) {
    return count - std::min(count, own);
  }
  std::function<Count()> count_;
  std::vector<std::size_t> portal_, bridge_;
};

void print(const char* what, const Count& count) {
  std::cout << what << ": portal " << count.portal << ", bridge " << count.bridge << '\n';
}

TEST_F(AllocationsTest, AVisitorWhoComesAfterOthersCostsFew) {
  Costs coming([this] { return count(); }), going([this] { return count(); }),
      talking([this] { return count(); });
  for (int i = 0; i < 101; ++i) {
    std::optional<Visitor> visitor;
    coming.of([&] { visitor = arrive(); });
    talking.of([&] {
      say(visitor->outside, visitor->inside);
      say(visitor->inside, visitor->outside);
    });
    going.of([&] { leave(*visitor); });
  }
  print("coming", coming.usual());
  print("a byte there and back", talking.usual());
  print("going", going.usual());
  // Its place in the poll set, twice: the second is Poco's way to fill the first.  The rest are the
  // poll's answers, one for every event.
  EXPECT_GT(coming.usual().portal, 0u) << "nothing is counted";
  EXPECT_GT(coming.usual().bridge, 0u) << "nothing is counted";
  EXPECT_LE(coming.usual().portal, 6u);
  EXPECT_LE(coming.usual().bridge, 8u);
  EXPECT_LE(talking.usual().portal, 4u);
  EXPECT_LE(talking.usual().bridge, 4u);
  EXPECT_LE(going.usual().portal, 4u);
  EXPECT_LE(going.usual().bridge, 4u);
}

TEST_F(AllocationsTest, AVisitorInACrowdCostsItsOwnObjectsToo) {
  std::vector<Visitor> crowd;
  for (int i = 0; i < 70; ++i) crowd.push_back(arrive());
  Costs coming([this] { return count(); });
  for (int i = 0; i < 61; ++i) coming.of([&] { crowd.push_back(arrive()); });
  print("coming", coming.usual());
  // Beside the above: stream, socket, session, relay and record; a link's table grows meanwhile.
  EXPECT_LE(coming.usual().portal, 12u);
  EXPECT_LE(coming.usual().bridge, 12u);
}

}  // namespace
}  // namespace culvert::app

#endif

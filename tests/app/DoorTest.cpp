#include "app/Opening.h"
#include "support/FakeSockets.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

namespace culvert::app {
namespace {

using test::FakeStream;

class FakeInbound final : public proxy::InboundHandler {
 public:
  void accept(StreamPtr stream, const Endpoint& source, const Endpoint&, Loop&) override {
    sources.push_back(toString(source));
    streams.push_back(std::move(stream));
  }
  void acceptDatagrams(StreamPtr stream, const Endpoint& source, const Endpoint&, Loop&) override {
    sources.push_back("udp " + toString(source));
    streams.push_back(std::move(stream));
  }
  [[nodiscard]] Needs needs() const override { return {}; }
  std::vector<std::string> sources;
  std::vector<StreamPtr> streams;
};

class DoorTest : public testing::Test {
 protected:
  static ListenOptions port(std::uint16_t number, Network network = Network::Tcp) {
    ListenOptions options;
    options.port = number;
    options.network = network;
    return options;
  }
  /// A unit with one door.
  InboundUnit& unit(const ListenOptions& options) {
    units_.push_back(std::make_unique<InboundUnit>());
    InboundUnit& made = *units_.back();
    made.info = std::make_shared<proxy::InboundInfo>();
    made.handler = std::make_unique<FakeInbound>();
    made.doors.push_back(std::make_unique<Door>(loop_, options, *made.handler));
    return made;
  }
  static FakeInbound& handlerOf(InboundUnit& unit) {
    return static_cast<FakeInbound&>(*unit.handler);
  }
  void visit(std::uint16_t number, const char* from) {
    sockets_.listenerOn(number)->accept(std::make_unique<FakeStream>(loop_, log_),
                                        {Ip::parse(from).value(), 1});
  }

  test::ManualLoop loop_;
  test::FakeSockets sockets_;
  test::StreamLog log_;
  std::vector<std::unique_ptr<InboundUnit>> units_;
  config::Problems problems_;
};

TEST_F(DoorTest, KeepsVisitorsUntilItIsOpened) {
  InboundUnit& web = unit(port(80));
  Opening opening(sockets_, {});
  opening.add(web, *web.doors[0]);
  opening.bind(problems_);
  ASSERT_EQ(problems_.errors(), 0u);
  visit(80, "192.0.2.1");
  EXPECT_TRUE(handlerOf(web).sources.empty());
  opening.open();
  visit(80, "192.0.2.2");
  EXPECT_EQ(handlerOf(web).sources, (std::vector<std::string>{"192.0.2.1:1", "192.0.2.2:1"}));
}

TEST_F(DoorTest, TellsDatagramsFromConnections) {
  InboundUnit& dns = unit(port(53, Network::Udp));
  dns.doors[0]->bind(sockets_);
  dns.doors[0]->open();
  sockets_.listenerOn(53, Network::Udp)
      ->accept(std::make_unique<FakeStream>(loop_, log_), {Ip::parse("192.0.2.1").value(), 1});
  EXPECT_EQ(handlerOf(dns).sources, std::vector<std::string>{"udp 192.0.2.1:1"});
}

TEST_F(DoorTest, HandsItsSocketToItsSuccessor_F_RELOAD) {
  InboundUnit& before = unit(port(80));
  before.doors[0]->bind(sockets_);
  before.doors[0]->open();
  InboundUnit& after = unit(port(80));
  Opening opening(sockets_, {before.doors[0].get()});
  opening.add(after, *after.doors[0]);
  opening.bind(problems_);
  visit(80, "192.0.2.1");
  EXPECT_EQ(handlerOf(before).sources.size(), 1u) << "until the switch the old one serves";
  opening.open();
  visit(80, "192.0.2.2");
  EXPECT_EQ(handlerOf(after).sources, std::vector<std::string>{"192.0.2.2:1"});
  EXPECT_EQ(sockets_.listeners.size(), 1u) << "the port was never closed";
}

TEST_F(DoorTest, BindsAllOrNone_CFG_5) {
  InboundUnit& web = unit(port(80));
  InboundUnit& taken = unit(port(81));
  InboundUnit& denied = unit(port(82));
  sockets_.unbindable[81] = std::errc::address_in_use;
  sockets_.unbindable[82] = std::errc::permission_denied;
  Opening opening(sockets_, {});
  for (InboundUnit* each : {&web, &taken, &denied}) opening.add(*each, *each->doors[0]);
  opening.bind(problems_);
  EXPECT_EQ(problems_.errors(), 2u) << problems_.text();
  EXPECT_NE(problems_.text().find("cannot listen on 81/tcp"), std::string::npos)
      << problems_.text();
  EXPECT_NE(problems_.text().find("cannot listen on 82/tcp"), std::string::npos)
      << problems_.text();
  EXPECT_EQ(sockets_.listenerOn(80), nullptr);
}

TEST_F(DoorTest, GivesAPortBackWhenTheNewOptionsCannotHaveIt) {
  InboundUnit& before = unit(port(80));
  before.doors[0]->bind(sockets_);
  before.doors[0]->open();
  ListenOptions changed = port(80);
  changed.strangers = true;
  InboundUnit& after = unit(changed);
  InboundUnit& taken = unit(port(81));

  // The old socket has to go first; the new one then works.
  Opening fine(sockets_, {before.doors[0].get()});
  fine.add(after, *after.doors[0]);
  fine.bind(problems_);
  EXPECT_EQ(problems_.errors(), 0u) << problems_.text();
  EXPECT_FALSE(before.doors[0]->isBound());
  EXPECT_TRUE(sockets_.listenerOn(80)->options.strangers);
  after.doors[0]->close();
  before.doors[0]->bind(sockets_);

  // Another port fails: the old socket is never touched.
  sockets_.unbindable[81] = std::errc::address_in_use;
  Opening failing(sockets_, {before.doors[0].get()});
  failing.add(after, *after.doors[0]);
  failing.add(taken, *taken.doors[0]);
  failing.bind(problems_);
  EXPECT_EQ(problems_.errors(), 1u);
  EXPECT_TRUE(before.doors[0]->isBound());
  visit(80, "192.0.2.1");
  EXPECT_EQ(handlerOf(before).sources.size(), 1u);
}

TEST_F(DoorTest, TriesAnOptionalPortAgain) {
  InboundUnit& web = unit(port(80));
  web.config.optional = true;
  sockets_.unbindable[80] = std::errc::address_not_available;
  Opening opening(sockets_, {});
  opening.add(web, *web.doors[0]);
  opening.bind(problems_);
  EXPECT_EQ(problems_.errors(), 0u) << problems_.text();
  opening.open();
  loop_.advance(std::chrono::seconds(31));
  EXPECT_EQ(sockets_.listenerOn(80), nullptr);
  sockets_.unbindable.clear();
  loop_.advance(std::chrono::seconds(30));
  ASSERT_NE(sockets_.listenerOn(80), nullptr);
  visit(80, "192.0.2.1");
  EXPECT_EQ(handlerOf(web).sources.size(), 1u);
}

}  // namespace
}  // namespace culvert::app

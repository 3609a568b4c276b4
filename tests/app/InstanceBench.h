// An instance in a test's hands: a loop that stands still, sockets that record.
#pragma once

#include "app/Core.h"
#include "app/Instance.h"
#include "config/Model.h"
#include "support/FakeSockets.h"
#include "support/FakeStream.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace culvert::app {

class InstanceBench : public testing::Test {
 protected:
  ~InstanceBench() override {
    // As the program ends: first the loops' roots, then what they came from.
    loop_.stopRoots(nullptr, Errc::Stopped);
    loop_.run();
  }

  static config::Model model(const std::string& text, const char* name = "test.json") {
    config::Loaded loaded = config::loadText(name, text);
    EXPECT_EQ(loaded.problems.errors(), 0u) << loaded.problems.text();
    return std::move(loaded.model);
  }
  /// Builds and starts; the first one, or a successor.
  void start(const std::string& text, const char* name = "test.json") {
    config::Problems problems;
    auto next = std::make_unique<Instance>(model(text, name), core_, problems, instance_.get());
    ASSERT_EQ(problems.errors(), 0u) << problems.text();
    next->start();
    instance_ = std::move(next);
    loop_.run();
  }
  /// What is wrong with it once everything is built.
  std::string problemsOf(const std::string& text) {
    config::Problems problems;
    const Instance built(model(text), core_, problems);
    return problems.text();
  }

  struct Visitor {
    test::StreamLog log;
    test::FakeStream* stream = nullptr;
  };
  /// Somebody connects to `port`.
  Visitor& visit(std::uint16_t port, Network network = Network::Tcp) {
    Visitor& visitor = visitors_.emplace_back();
    auto stream = std::make_unique<test::FakeStream>(loop_, visitor.log);
    visitor.stream = stream.get();
    test::FakeSockets::Listener* const listener = sockets_.listenerOn(port, network);
    EXPECT_NE(listener, nullptr) << "nobody listens on " << port;
    if (listener) listener->accept(std::move(stream), {Ip::parse("203.0.113.7").value(), 50'000});
    loop_.run();
    return visitor;
  }
  /// The newest dial succeeds.
  Visitor& answer() {
    Visitor& target = visitors_.emplace_back();
    auto stream = std::make_unique<test::FakeStream>(loop_, target.log);
    target.stream = stream.get();
    sockets_.lastDial().succeed(std::move(stream));
    loop_.run();
    return target;
  }
  std::string dialled() const {
    std::string all;
    for (const auto& dial : sockets_.dials)
      all += (all.empty() ? "" : " ") + toString(dial->target);
    return all;
  }

  std::deque<Visitor> visitors_;
  test::FakeSockets sockets_;
  test::ManualLoop loop_;
  Core core_{{{&loop_}, sockets_, "", {}}};
  std::unique_ptr<Instance> instance_;
};

/// A door on `port` to `target`, as an inbound.
inline std::string door(const std::string& tag, int port, const std::string& target, int targetPort,
                        const std::string& more = "") {
  return R"({"tag": ")" + tag + R"(", "port": )" + std::to_string(port) +
         R"(, "protocol": "dokodemo-door", "settings": {"address": ")" + target + R"(", "port": )" +
         std::to_string(targetPort) + more + "}}";
}

}  // namespace culvert::app

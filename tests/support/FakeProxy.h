// What a protocol folder meets: a dispatcher that records, a record that tells how its flow ended,
// and a context around them.
#pragma once

#include "config/NodeReaders.h"
#include "proxy/Flow.h"
#include "proxy/Registry.h"
#include "support/FakeSockets.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace culvert::test {

/// JSON text as a protocol's settings; throws when it is no JSON.
inline config::Node settingsOf(const std::string& json) {
  config::Problems problems;
  const auto source = std::make_shared<config::Source>();
  source->name = "test.json";
  source->text = json;
  config::Node node = config::parseJson(source, problems);
  if (problems.errors() > 0) throw std::invalid_argument(problems.text());
  return node;
}

class FakeDispatcher final : public proxy::Dispatcher, public proxy::MuxAcceptor {
 public:
  struct Flow {
    proxy::Session session;
    StreamPtr stream;
    Loop* loop;
  };
  void dispatch(proxy::Session session, StreamPtr visitor, Loop& here) override {
    flows.push_back({std::move(session), std::move(visitor), &here});
  }
  void acceptMux(proxy::Session session, StreamPtr stream, Loop& here) override {
    muxes.push_back({std::move(session), std::move(stream), &here});
  }
  std::vector<Flow> flows, muxes;
};

/// Collects access lines while it lives.
class AccessLines final : public proxy::AccessLog {
 public:
  AccessLines() { proxy::setAccessLog(this); }
  ~AccessLines() override { proxy::setAccessLog(nullptr); }
  AccessLines(const AccessLines&) = delete;
  AccessLines& operator=(const AccessLines&) = delete;
  void write(std::string line) override { lines.push_back(std::move(line)); }
  std::vector<std::string> lines;
};

/// A registry with one protocol, and all a factory is given.
struct ProxyBench {
  FakeSockets sockets;
  FakeDispatcher dispatcher;
  config::Problems problems;
  proxy::Registry registry;
  proxy::Context context{.sockets = sockets,
                         .dispatcher = dispatcher,
                         .mux = dispatcher,
                         .problems = problems,
                         .inbound = nullptr,
                         .tag = "out",
                         .key = "",
                         .stateDirectory = "",
                         .lenient = true,
                         .handshake = std::chrono::seconds(0),
                         .sendThrough = {},
                         .isOwnListener = {}};
};

}  // namespace culvert::test

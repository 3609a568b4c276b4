// What the mux is tested with: randomness that repeats, peers scripted by hand, frames as text, and
// two muxes back to back.
#pragma once

#include "mux/MuxClient.h"
#include "mux/MuxServer.h"
#include "net/Crossover.h"
#include "net/QueueBudget.h"
#include "support/FakeStream.h"
#include "support/Hex.h"
#include "support/ManualLoop.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace culvert::mux::test {

using namespace culvert::test;
using namespace std::chrono_literals;

inline std::mt19937& randomness() {
  static std::mt19937 generator(1);
  return generator;
}

inline void fillRandom(MutableBytes out) {
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(randomness()());
}

inline std::string wireOf(std::string_view digits) {
  const ByteVector bytes = hex(digits);
  return std::string(asText(bytes));
}

/// A frame of a scripted peer.
inline std::string frame(SessionId id, Status status, std::uint8_t options = 0) {
  return std::string(asText(ShortHead(id, status, options).bytes()));
}
inline std::string frame(SessionId id, Status status, std::uint8_t options, std::string_view data) {
  return std::string(asText(ShortHead(id, status, options, data.size()).bytes())) +
         std::string(data);
}
inline std::string keep(SessionId id, std::string_view data) {
  return frame(id, Status::Keep, 0, data);
}
inline std::string newFrame(SessionId id, const Destination& target, std::string_view data = {},
                            std::string_view trailing = {}) {
  Buffer out;
  appendNew(out, id, target, asBytes(trailing), asBytes(data));
  return std::string(asText(out.view()));
}
inline Destination tcp(const std::string& host, std::uint16_t port = 80) {
  return {Network::Tcp, parseHost(host), port};
}
inline Destination udp(const std::string& host, std::uint16_t port = 53) {
  return {Network::Udp, parseHost(host), port};
}

/// Frames read back from a wire, one line each: "keep 3 5 bytes", "end+error 3".
struct Spoken {
  std::string line;
  FrameHead head;
  std::string data;
};
inline std::vector<Spoken> framesOf(std::string wire) {
  std::vector<Spoken> frames;
  FrameReader reader;
  MutableBytes input(reinterpret_cast<std::uint8_t*>(wire.data()), wire.size());
  for (;;) {
    const FrameReader::Event event = reader.next(input);
    if (event.kind == FrameReader::Event::Kind::NeedMore) break;
    if (event.kind == FrameReader::Event::Kind::Failed) {
      frames.push_back({"broken", {}, {}});
      break;
    }
    if (event.kind == FrameReader::Event::Kind::Data) {
      frames.back().data += asText(event.data);
      continue;
    }
    static const char* const names[] = {"", "new", "keep", "end", "keepalive"};
    const FrameHead& head = reader.head();
    std::string line = names[static_cast<int>(head.status)];
    if (head.has(option::kError)) line += "+error";
    if (head.has(option::kHalfClose)) line += "+half";
    line += " " + std::to_string(head.id);
    if (head.dataBytes > 0) line += " " + std::to_string(head.dataBytes) + " bytes";
    frames.push_back({line, head, {}});
    frames.back().head.trailing = {};
  }
  return frames;
}
/// The lines of frames but probes and their answers.
inline std::vector<std::string> linesOf(const std::string& wire) {
  std::vector<std::string> lines;
  for (const Spoken& spoken : framesOf(wire)) {
    if (spoken.head.id >= SessionIds::kFirstProbe && spoken.head.status == Status::Keep) continue;
    lines.push_back(spoken.line);
  }
  return lines;
}
/// The ids of the probes in `wire`.
inline std::vector<SessionId> probesIn(const std::string& wire) {
  std::vector<SessionId> ids;
  for (const Spoken& spoken : framesOf(wire)) {
    if (spoken.head.id >= SessionIds::kFirstProbe && spoken.head.status == Status::Keep) {
      ids.push_back(spoken.head.id);
    }
  }
  return ids;
}

/// One end of a session and who hears it.
struct EndOfSession {
  StreamPtr stream;
  std::unique_ptr<FakeReceiver> heard = std::make_unique<FakeReceiver>();

  EndOfSession() = default;
  explicit EndOfSession(StreamPtr opened, bool resumed = true) : stream(std::move(opened)) {
    stream->attach(*heard);
    if (resumed) stream->resume();
  }
  Flow send(std::string text) const {
    const Bytes bytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
    return stream->send(bytes);
  }
};

/// Records what a link tells, and keeps the sessions it opens.
class LinkRecorder final : public ServerHandler {
 public:
  void onFirstFrame() override { heardFirst = true; }
  void onHealth(Health health) override { healths.push_back(health); }
  void onControl(Bytes message) override { controls.emplace_back(asText(message)); }
  void onControlEnded() override { ++controlsEnded; }
  void onLoad() override { ++loads; }
  void onLinkClosed(std::error_code why) override { closed = why; }
  bool isControl(const Destination& target) override {
    return target.isDomain() && target.domain() == "control.invalid" && target.port == 0;
  }
  void onSession(const Destination& target, StreamPtr stream, Bytes metadata) override {
    targets.push_back(target);
    metadatas.emplace_back(asText(metadata));
    if (refuse) return;
    sessions.emplace_back(std::move(stream), resumed);
  }

  bool heardFirst = false, refuse = false, resumed = true;
  std::vector<Health> healths;
  std::vector<std::string> controls, metadatas;
  int controlsEnded = 0, loads = 0;
  std::optional<std::error_code> closed;
  std::vector<Destination> targets;
  std::vector<EndOfSession> sessions;
};

/// A mux client or server on a stream whose other end the test plays by hand.
template <class Mux>
class Scripted {
 public:
  enum class Proofs { Answered, Left };
  explicit Scripted(LinkOptions options = {}, Peer peer = {}, Proofs proofs = Proofs::Answered) {
    auto stream = std::make_unique<FakeStream>(loop, log);
    wire = stream.get();
    mux = std::make_unique<Mux>(loop, std::move(stream), recorder, environment, options);
    mux->setPeer(peer);
    mux->start();
    loop.run();
    if (proofs == Proofs::Answered) answerProbes();
  }
  /// What was sent since the last call, without probes.
  std::vector<std::string> said() {
    loop.run();
    return linesOf(std::exchange(log.sent, {}));
  }
  void hear(const std::string& frames) {
    wire->inject(frames);
    loop.run();
  }
  /// Answers all probes that were sent.
  void answerProbes() {
    loop.run();
    for (const SessionId id : probesIn(std::exchange(log.sent, {})))
      wire->inject(frame(id, Status::End));
    loop.run();
  }

  ManualLoop loop;
  Environment environment{fillRandom};
  StreamLog log;
  LinkRecorder recorder;
  std::unique_ptr<Mux> mux;
  FakeStream* wire = nullptr;
};

/// Client and server of one link, as two Culverts or as two strangers.
class MuxPair {
 public:
  explicit MuxPair(Peer peer = {.isCulvert = true, .halfClose = true, .credits = true},
                   LinkOptions serverOptions = {.probes = Probes::OnceHeard}) {
    auto [a, b] = makeCrossover(loop);
    client = std::make_unique<MuxClient>(loop, std::move(a), clientRecorder, environment);
    server =
        std::make_unique<MuxServer>(loop, std::move(b), serverRecorder, environment, serverOptions);
    client->setPeer(peer);
    server->setPeer(peer);
    client->start();
    server->start();
    loop.run();
  }
  EndOfSession open(const Destination& target = tcp("a"), Bytes metadata = {}) {
    EndOfSession session(client->openSession(target, metadata));
    loop.run();
    return session;
  }
  /// The server's end of the session opened last.
  EndOfSession& last() { return serverRecorder.sessions.back(); }

  ManualLoop loop;
  Environment environment{fillRandom};
  LinkRecorder clientRecorder, serverRecorder;
  std::unique_ptr<MuxClient> client;
  std::unique_ptr<MuxServer> server;
};

inline std::error_code code(Errc errc) {
  return make_error_code(errc);
}

}  // namespace culvert::mux::test

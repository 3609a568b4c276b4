// The services at the far end of what is measured.
#include "bench/load/Acceptor.h"
#include "bench/load/Commands.h"
#include "bench/load/Http.h"
#include "bench/load/Pattern.h"
#include "bench/load/Pipe.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace culvert::load {
namespace {

constexpr std::uint64_t kEndless = ~std::uint64_t{0};

/// A connection that retires when it says it is over.
class Connection : public Handler {
 public:
  Connection(Poller& poller, Descriptor socket) noexcept
      : poller_(poller), socket_(std::move(socket)) {}

  void begin() { poller_.add(socket_.get(), *this); }
  void note(unsigned, std::uint32_t events) final { ready_.note(events); }

 protected:
  int socket() const noexcept { return socket_.get(); }
  Progress over() {
    poller_.retire(*this);
    return Progress::Waiting;
  }
  /// Drops what the peer sends; whether that is over.
  bool drained() {
    while (ready_.readable) {
      const auto transfer = discard(socket(), kReadBytes);
      ready_.received(transfer, kReadBytes);
      if (transfer.isOver()) return true;
    }
    return false;
  }

  Readiness ready_;

 private:
  Poller& poller_;
  Descriptor socket_;
};

class EchoService final : public Connection {
 public:
  EchoService(Poller& poller, Descriptor socket, BufferPool& pool) noexcept
      : Connection(poller, std::move(socket)), pipe_(pool) {}

  Progress work() override {
    const auto progress = pipe_.move({socket(), ready_}, {socket(), ready_});
    return pipe_.hasEnded() || pipe_.isBroken() ? over() : progress;
  }

 private:
  Pipe pipe_;
};

class SinkService final : public Connection {
 public:
  using Connection::Connection;

  Progress work() override {
    if (!ready_.readable) return Progress::Waiting;
    const auto transfer = discard(socket(), kDiscardBytes);
    ready_.received(transfer, kDiscardBytes);
    count_ += transfer.bytes;
    if (transfer.outcome == Transfer::Outcome::Ended) {
      (void)transmit(socket(), bigEndian(count_));  // eight bytes fit: nothing was sent before
    }
    if (transfer.isOver()) return over();
    return ready_.readable ? Progress::More : Progress::Waiting;
  }

 private:
  std::uint64_t count_ = 0;
};

class SourceService final : public Connection {
 public:
  SourceService(Poller& poller, Descriptor socket, std::uint64_t bytes) noexcept
      : Connection(poller, std::move(socket)), left_(bytes) {}

  Progress work() override {
    if (drained()) return over();
    if (!ready_.writable || left_ == 0) return Progress::Waiting;
    const auto part = pattern(left_);
    const auto transfer = transmit(socket(), part);
    ready_.transmitted(transfer, part.size());
    if (transfer.isOver()) return over();
    if (left_ != kEndless) left_ -= transfer.bytes;
    if (left_ == 0) finish(socket());
    return ready_.writable && left_ > 0 ? Progress::More : Progress::Waiting;
  }

 private:
  std::uint64_t left_;
};

class HttpService final : public Connection {
 public:
  using Connection::Connection;

  Progress work() override {
    if (hasAnswered_) return drained() ? over() : Progress::Waiting;
    while (ready_.readable) {
      std::array<std::byte, 4096> piece;
      const auto transfer = receive(socket(), piece);
      ready_.received(transfer, piece.size());
      if (transfer.isOver()) return over();
      requests_.append(reinterpret_cast<const char*>(piece.data()), transfer.bytes);
      if (!answerAll()) return over();
      if (hasAnswered_) return Progress::Waiting;
    }
    return Progress::Waiting;
  }

 private:
  bool answerAll() {
    for (;;) {
      const auto end = requests_.find(http1::kHeadEnd);
      if (end == requests_.npos) return requests_.size() < http1::kMaxHeadBytes;
      const std::string head = requests_.substr(0, end);
      requests_.erase(0, end + http1::kHeadEnd.size());
      hasAnswered_ = http1::wantsClose(head);
      const auto answer = asBytes(hasAnswered_ ? http1::closingAnswer() : http1::keptAnswer());
      // A peer that asks without reading the answers fills the socket: nobody here does.
      if (transmit(socket(), answer).bytes != answer.size()) return false;
      if (hasAnswered_) finish(socket());
      if (hasAnswered_) return true;
    }
  }

  std::string requests_;
  bool hasAnswered_ = false;  // the last one
};

/// One "KIND=ADDRESS:PORT" or "source:N=ADDRESS:PORT".
struct Offer {
  std::string kind;
  std::uint64_t bytes = kEndless;
  Address address;

  static Offer parse(const std::string& word) {
    const auto equals = word.find('=');
    if (equals == word.npos) throw Usage("expected KIND=ADDRESS:PORT, got \"" + word + "\"");
    Offer offer{word.substr(0, equals), kEndless, Address::parse(word.substr(equals + 1))};
    if (offer.kind.starts_with("source:")) {
      offer.bytes = parseNumber("source", offer.kind.substr(7));
      offer.kind = "source";
    }
    if (offer.kind != "echo" && offer.kind != "sink" && offer.kind != "source" &&
        offer.kind != "http") {
      throw Usage("expected echo, sink, source, source:N or http, got \"" + offer.kind + "\"");
    }
    return offer;
  }
};

std::unique_ptr<Connection> serviceOf(const Offer& offer, Poller& poller, BufferPool& pool,
                                      Descriptor socket) {
  if (offer.kind == "echo") return std::make_unique<EchoService>(poller, std::move(socket), pool);
  if (offer.kind == "sink") return std::make_unique<SinkService>(poller, std::move(socket));
  if (offer.kind == "http") return std::make_unique<HttpService>(poller, std::move(socket));
  return std::make_unique<SourceService>(poller, std::move(socket), offer.bytes);
}

}  // namespace

void serve(Arguments& arguments) {
  Poller poller;
  BufferPool pool;
  std::string ready = "ready";
  const auto words = arguments.positional();
  arguments.expectEmpty();
  if (words.empty()) throw Usage("expected KIND=ADDRESS:PORT, as in echo=127.0.0.1:7001");
  for (const auto& word : words) {
    const auto offer = Offer::parse(word);
    auto& acceptor = poller.adopt(std::make_unique<Acceptor>(
        poller, offer.address, [&poller, &pool, offer](Descriptor socket) {
          auto& connection = poller.adopt(serviceOf(offer, poller, pool, std::move(socket)));
          static_cast<Connection&>(connection).begin();
        }));
    ready += " " + offer.kind + "=" + static_cast<Acceptor&>(acceptor).address().text();
  }
  poller.runUntilToldToEnd(ready);
}

}  // namespace culvert::load

// The world outside, in a test's hands: dials, look-ups and listeners are recorded and answered by
// the test.
#pragma once

#include "net/Sockets.h"

#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace culvert::test {

class FakeSockets final : public Sockets {
 public:
  /// A dial under way, or over when `handle` is gone.
  struct Dialled {
    Loop* loop;
    Destination target;
    DialOptions options;
    DialHandler* handler;
    bool open = true;

    void succeed(StreamPtr stream, const Endpoint& remote = {}) {
      handler->onDialed(std::move(stream), remote);
    }
    void fail(std::error_code why) { handler->onDialFailed(why); }
  };
  struct Lookup {
    Loop* loop;
    std::string name;
    Families families;
    Resolved done;
    bool open = true;
  };
  struct Listener {
    Loop* loop;
    ListenOptions options;
    AcceptHandler* handler;
    bool open = true;

    void accept(StreamPtr stream, const Endpoint& source, const Endpoint& local = {}) {
      handler->onAccepted(std::move(stream), source, local);
    }
  };

  std::vector<std::shared_ptr<Dialled>> dials;
  std::vector<std::shared_ptr<Lookup>> lookups;
  std::vector<std::shared_ptr<Listener>> listeners;
  /// Ports that cannot be bound.
  std::map<std::uint16_t, std::errc> unbindable;

  Dialled& lastDial() { return *dials.back(); }
  Lookup& lastLookup() { return *lookups.back(); }
  /// The open listener on `port`; nullptr: none.
  Listener* listenerOn(std::uint16_t port, Network network = Network::Tcp) {
    for (const auto& listener : listeners) {
      if (listener->open && listener->options.port == port &&
          listener->options.network == network) {
        return listener.get();
      }
    }
    return nullptr;
  }

  ListeningPtr listen(Loop& loop, const ListenOptions& options, AcceptHandler& handler) override {
    if (const auto found = unbindable.find(options.port); found != unbindable.end()) {
      throw std::system_error(std::make_error_code(found->second),
                              "port " + std::to_string(options.port));
    }
    listeners.push_back(std::make_shared<Listener>(Listener{&loop, options, &handler}));
    return std::make_unique<Open>(listeners.back());
  }
  HandlePtr dial(Loop& loop, const Destination& target, DialOptions options,
                 DialHandler& handler) override {
    dials.push_back(
        std::make_shared<Dialled>(Dialled{&loop, target, std::move(options), &handler}));
    return std::make_unique<Pending<Dialled>>(dials.back());
  }
  HandlePtr resolve(Loop& loop, const std::string& name, Families families,
                    Resolved done) override {
    lookups.push_back(std::make_shared<Lookup>(Lookup{&loop, name, families, std::move(done)}));
    return std::make_unique<Pending<Lookup>>(lookups.back());
  }

 private:
  template <class T>
  class Pending final : public Handle {
   public:
    explicit Pending(std::shared_ptr<T> record) : record_(std::move(record)) {}
    ~Pending() override { record_->open = false; }

   private:
    std::shared_ptr<T> record_;
  };
  class Open final : public Listening {
   public:
    explicit Open(std::shared_ptr<Listener> record) : record_(std::move(record)) {}
    ~Open() override { record_->open = false; }
    void setHandler(AcceptHandler& handler) override { record_->handler = &handler; }
    [[nodiscard]] Endpoint local() const override {
      const ListenOptions& options = record_->options;
      return {options.addresses.empty() ? Ip::any6() : options.addresses.front(), options.port};
    }

   private:
    std::shared_ptr<Listener> record_;
  };
};

}  // namespace culvert::test

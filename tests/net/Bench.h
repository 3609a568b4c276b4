// Real reactors and sockets under test, and what a test thread needs to talk to them: it posts
// work, and waits for what it expects to be heard.
#pragma once

#include "net/PlainSocket.h"
#include "net/PocoSockets.h"
#include "net/ReactorPool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace culvert::test {

inline constexpr std::chrono::seconds kPatience{10};

/// Runs `work` on the reactor's thread and returns what it returns.
template <class Work>
auto callOn(Loop& loop, Work work) {
  using Value = std::invoke_result_t<Work>;
  auto promise = std::make_shared<std::promise<Value>>();
  std::future<Value> future = promise->get_future();
  loop.post([promise, work = std::make_shared<Work>(std::move(work))] {
    if constexpr (std::is_void_v<Value>) {
      (*work)();
      promise->set_value();
    } else {
      promise->set_value((*work)());
    }
  });
  return future.get();
}

/// Something changes on another thread; a test waits for it to become what it expects.
class Changes {
 public:
  template <class Change>
  void change(Change change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition, std::chrono::milliseconds patience = kPatience) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, patience, std::move(condition));
  }
  template <class Look>
  decltype(auto) look(Look look) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return look();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// The upper end of a stream: records what it hears, for a test thread to wait for.  Owns the
/// stream, which is destroyed on its loop.
class Upper final : public Receiver {
 public:
  explicit Upper(StreamPtr stream) : stream_(std::move(stream)) { stream_->attach(*this); }

  void onData(MutableBytes data) override {
    changes_.change([&] {
      data_ += asText(data);
      packets_.emplace_back(asText(data));
    });
    if (echo) stream_->send(Bytes(data));
    if (pauseAtOnce) stream_->pause();
    if (then) then();
  }
  void onEnd() override {
    changes_.change([&] { ended_ = true; });
    if (endBack) stream_->end();
  }
  void onRoom() override {
    changes_.change([&] { ++rooms_; });
  }
  void onClosed(std::error_code why) override {
    changes_.change([&] { closed_ = why; });
  }

  [[nodiscard]] Stream& stream() { return *stream_; }
  [[nodiscard]] StreamPtr release() { return std::move(stream_); }

  // From the test's thread.
  bool waitForData(std::size_t size) {
    return changes_.wait([&] { return data_.size() >= size; });
  }
  bool waitForPackets(std::size_t count) {
    return changes_.wait([&] { return packets_.size() >= count; });
  }
  bool waitForEnd() {
    return changes_.wait([&] { return ended_; });
  }
  bool waitForRoom() {
    return changes_.wait([&] { return rooms_ > 0; });
  }
  /// How the stream closed; nothing if it did not within the patience.
  std::optional<std::error_code> waitForClosed(std::chrono::milliseconds patience = kPatience) {
    changes_.wait([&] { return closed_.has_value(); }, patience);
    return changes_.look([&] { return closed_; });
  }
  std::string data() {
    return changes_.look([&] { return data_; });
  }
  std::vector<std::string> packets() {
    return changes_.look([&] { return packets_; });
  }
  bool hasEnded() {
    return changes_.look([&] { return ended_; });
  }

  bool echo = false, endBack = false, pauseAtOnce = false;
  std::function<void()> then;  ///< after every onData()

 private:
  StreamPtr stream_;
  Changes changes_;
  std::string data_;
  std::vector<std::string> packets_;
  bool ended_ = false;
  int rooms_ = 0;
  std::optional<std::error_code> closed_;
};

/// Collects accepted streams.
class Door final : public AcceptHandler {
 public:
  struct Guest {
    std::unique_ptr<Upper> upper;
    Endpoint source, local;
  };

  void onAccepted(StreamPtr stream, const Endpoint& source, const Endpoint& local) override {
    auto upper = std::make_unique<Upper>(std::move(stream));
    upper->echo = echo;
    upper->endBack = endBack;
    if (resume) upper->stream().resume();
    changes_.change([&] { guests_.push_back({std::move(upper), source, local}); });
  }

  bool waitFor(std::size_t count, std::chrono::milliseconds patience = kPatience) {
    return changes_.wait([&] { return guests_.size() >= count; }, patience);
  }
  std::size_t count() {
    return changes_.look([&] { return guests_.size(); });
  }
  Guest& guest(std::size_t index) {
    return changes_.look([&]() -> Guest& { return guests_[index]; });
  }
  /// On the loop's thread.
  void clear() {
    changes_.change([&] { guests_.clear(); });
  }
  void erase(std::size_t first, std::size_t count) {
    changes_.change([&] {
      const auto begin = guests_.begin() + static_cast<std::ptrdiff_t>(first);
      guests_.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    });
  }

  bool echo = false, endBack = false, resume = false;

 private:
  Changes changes_;
  std::deque<Guest> guests_;
};

/// Hears how a dial ended.
class Caller final : public DialHandler {
 public:
  void onDialed(StreamPtr stream, const Endpoint& remote) override {
    auto upper = std::make_unique<Upper>(std::move(stream));
    changes_.change([&] {
      upper_ = std::move(upper);
      remote_ = remote;
      ++answers_;
    });
  }
  void onDialFailed(std::error_code why) override {
    changes_.change([&] {
      why_ = why;
      ++answers_;
    });
  }

  bool wait(std::chrono::milliseconds patience = kPatience) {
    return changes_.wait([&] { return answers_ > 0; }, patience);
  }
  int answers() {
    return changes_.look([&] { return answers_; });
  }
  std::error_code why() {
    return changes_.look([&] { return why_; });
  }
  Endpoint remote() {
    return changes_.look([&] { return remote_; });
  }
  std::unique_ptr<Upper>& upper() { return upper_; }

 private:
  Changes changes_;
  std::unique_ptr<Upper> upper_;
  Endpoint remote_;
  std::error_code why_;
  int answers_ = 0;
};

/// Reactors, running, and sockets on them.
class Bench {
 public:
  explicit Bench(std::size_t reactors = 1, const ResolverOptions& options = {},
                 std::size_t mostDials = 512)
      : pool(reactors), sockets(std::make_unique<PocoSockets>(pool, options, mostDials)) {
    pool.start();
  }
  /// Test objects that hold streams are destroyed before, or kept with keep().
  ~Bench() {
    pool.stop();
    pool.join();
    kept_.clear();
    sockets.reset();
  }

  Reactor& reactor(std::size_t index = 0) { return pool.at(index); }
  template <class Work>
  auto call(Work work) {
    return callOn(reactor(), std::move(work));
  }
  /// Lives until the reactors have ended.
  template <class T, class... Arguments>
  T& make(Arguments&&... arguments) {
    auto object = std::make_shared<T>(std::forward<Arguments>(arguments)...);
    kept_.push_back(object);
    return *object;
  }
  /// Listens on the first reactor, on 127.0.0.1 unless told otherwise.
  Endpoint listen(AcceptHandler& handler,
                  ListenOptions options = {.addresses = {Ip::loopback4()}}) {
    return call([&] {
      auto listening = std::shared_ptr<Listening>(sockets->listen(reactor(), options, handler));
      kept_.push_back(listening);
      return listening->local();
    });
  }
  /// Dials from the first reactor and waits for the answer.
  Caller& dial(const Destination& target, DialOptions options = {}) {
    Caller& caller = make<Caller>();
    const auto handle = std::make_shared<HandlePtr>();
    call([&] { *handle = sockets->dial(reactor(), target, options, caller); });
    kept_.push_back(handle);
    EXPECT_TRUE(caller.wait());
    return caller;
  }

  ReactorPool pool;
  std::unique_ptr<PocoSockets> sockets;

 private:
  std::vector<std::shared_ptr<void>> kept_;
};

/// `size` bytes of which no two neighbourhoods are alike.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 12'345;
  for (char& byte : text) {
    state = state * 1'664'525 + 1'013'904'223;
    byte = static_cast<char>(state >> 24);
  }
  return text;
}

}  // namespace culvert::test

// The program's reactors.  Made and started in main(), after the daemon has forked.
//
// Order of ends: stop(), join(), then whatever used the reactors (PocoSockets, listeners) is
// destroyed, then the pool.
#pragma once

#include "net/Reactor.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace culvert {

class ReactorPool {
 public:
  /// One per core, at most four.
  static std::size_t defaultSize();

  explicit ReactorPool(std::size_t size);
  ReactorPool(const ReactorPool&) = delete;
  ReactorPool& operator=(const ReactorPool&) = delete;
  ~ReactorPool();

  void start();
  void stop();
  void join();

  [[nodiscard]] std::size_t size() const noexcept { return reactors_.size(); }
  [[nodiscard]] Reactor& at(std::size_t index) { return *reactors_[index]; }
  /// Round robin, for listeners and links.  Thread-safe.
  [[nodiscard]] Reactor& next() noexcept;

 private:
  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::atomic<std::size_t> next_{0};
  bool running_ = false;
};

}  // namespace culvert

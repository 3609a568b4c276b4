// Ends the program when it does not end by itself.
#pragma once

#include <Poco/Event.h>
#include <Poco/Runnable.h>
#include <Poco/Thread.h>

#include <chrono>

namespace culvert::service {

class Watchdog final : private Poco::Runnable {
 public:
  Watchdog() = default;
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() override;  // NOLINT(bugprone-exception-escape): see there

  /// Aborts the process after `limit` unless this object is destroyed before.
  void start(std::chrono::seconds limit);

 private:
  void run() override;

  std::chrono::seconds limit_{};
  Poco::Event over_;
  Poco::Thread thread_;
};

}  // namespace culvert::service

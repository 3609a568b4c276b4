// The real Loop: a Poco::Net::SocketReactor and its thread.
//
// Two descriptors of its own stand in the poll set like any socket: a bell, rung by other threads
// that post work, and an alarm, set to the next deadline.
//
// run() is our own: what the poll finds goes straight to the socket's Watch, without the base
// class's handlers, notifiers and observers (Watch.h says what they cost), and behind all of it
// comes the end of the turn, for which the base class has no hook.  The base class keeps the poll
// set and the order to stop.
//
// Who touches the poll set: Watch, nobody else.
#pragma once

#include "net/Loop.h"
#include "net/Watch.h"

#include <Poco/Net/SocketReactor.h>
#include <Poco/Thread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace culvert {

class Reactor final : public Loop, private Poco::Net::SocketReactor {
 public:
  /// Throws std::system_error or Poco::Exception when the system has no descriptors left.
  Reactor();
  /// Joined before; destroys what is left.
  ~Reactor() override;

  [[nodiscard]] Now now() const override;

  /// Starts the thread `name`; returns when it is this loop's thread.
  void start(const std::string& name);
  /// Any thread; the thread ends after the current turn and destroys its roots.
  void stop();
  /// Waits for the thread's end.  Then the caller's thread is the loop's, to destroy what is left.
  void join();

  /// Turns of this loop since it was made: what an idle one must not have.  Any thread.
  [[nodiscard]] std::uint64_t turns() const noexcept {
    return turns_.load(std::memory_order_relaxed);
  }

 protected:
  void wake() override;
  void onSooner() override;

 private:
  friend class Watch;

  /// The bell or the alarm.
  class Ear final : public Watcher {
   public:
    Ear(Reactor& reactor, os::Descriptor descriptor) : watch_(reactor, *this, descriptor) {
      watch_.want({.read = true});
    }
    void onReadable() override;
    void onWatchFailed(std::error_code why) noexcept override;
    [[nodiscard]] os::Descriptor descriptor() const noexcept { return watch_.descriptor(); }

   private:
    Watch watch_;
  };

  static constexpr std::chrono::seconds kLongestSleep{50};

  void run() override;
  void round();
  [[nodiscard]] Poco::Net::PollSet& polled() noexcept;
  void runThread();
  void turn();
  void noteStall();
  void setAlarm();
  void watchMemory();
  void trim();

  Ear bell_, alarm_;
  bool inRound_ = false;         ///< its thread has not gone back to wait
  Now roundNow_{};               ///< read when the wait was over and before the end of the turn
  Clock::time_point alarmAt_{};  ///< when the alarm will ring; the epoch: it is not set
  std::chrono::nanoseconds suspended_;
  std::size_t mostQueued_ = 0, mostConnections_ = 0;
  DeadlineOf<Reactor, &Reactor::trim> trim_{*this};
  std::atomic<std::uint64_t> turns_{0};
  bool started_ = false;              ///< and not joined yet
  std::atomic<bool> running_{false};  ///< written by its thread, read by it
  Poco::Thread thread_;
};

}  // namespace culvert

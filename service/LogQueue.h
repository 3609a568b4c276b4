// A queue between those who log and what writes, so that no reactor waits for a disk (LOG-3,
// LIM-18).
//
// The first line after a rest is written at once, and a warning always is.  Of others many are
// written together: waking the writer for each costs more than the line.  Whoever logs puts down no
// more than the line and the time; a Poco::Message, which asks the system who it is, is the
// writer's.
#pragma once

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/Message.h>
#include <Poco/Runnable.h>
#include <Poco/Thread.h>
#include <Poco/Timestamp.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace culvert::service {

/// A target that keeps lines until it is flushed, which it is behind those that were written
/// together.
class BatchChannel : public Poco::Channel {
 public:
  virtual void flush() = 0;
};

class LogQueue final : public Poco::Channel, private Poco::Runnable {
 public:
  static constexpr std::size_t kMaxLines = 4096, kMaxBytes = 1024 * 1024;
  /// How long the writer rests after it has written; not when half of kMaxLines wait.
  static constexpr std::chrono::milliseconds kRest{50};

  explicit LogQueue(Poco::AutoPtr<Poco::Channel> target) : target_(std::move(target)) {}

  /// Starts the thread; until then lines wait.
  void open() override;
  /// Writes what waits and ends the thread.
  void close() override;
  struct Line {
    std::string source, text;
    Poco::Message::Priority priority = Poco::Message::PRIO_INFORMATION;
    Poco::Timestamp time{};
  };
  /// Takes the line, or drops and counts it when the queue is full.  Never waits for the target.
  void add(Line line);
  void log(const Poco::Message& message) override;

  /// From now on lines go to `target`.
  void setTarget(Poco::AutoPtr<Poco::Channel> target);
  /// Has the target opened anew, by the thread that writes.
  void reopen();
  /// Waits until what was logged before is written.
  void flush();

 protected:
  ~LogQueue() override { close(); }

 private:
  void run() override;
  static void write(const std::deque<Line>& batch, Poco::Channel& target);
  /// Nobody needs the writer before its rest is over.
  [[nodiscard]] bool mayRest() const;

  std::mutex mutex_;
  std::condition_variable wakeUp_, idle_;
  std::deque<Line> lines_;  ///< guarded by mutex_, as all below
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool reopen_ = false, stopping_ = false, writing_ = false, running_ = false;
  bool resting_ = false, urgent_ = false;
  unsigned flushing_ = 0;  ///< callers of flush()
  Poco::AutoPtr<Poco::Channel> target_;
  Poco::Thread thread_;
};

}  // namespace culvert::service

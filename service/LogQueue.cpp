#include "service/LogQueue.h"

#include <exception>
#include <string>
#include <utility>

namespace culvert::service {

void LogQueue::open() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_) return;
  running_ = true;
  stopping_ = false;
  thread_.setName("log");
  thread_.start(*this);
}

void LogQueue::close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!running_) return;
    stopping_ = true;
  }
  wakeUp_.notify_all();
  thread_.join();
  const std::lock_guard<std::mutex> lock(mutex_);
  running_ = false;
}

void LogQueue::log(const Poco::Message& message) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::size_t size = message.getText().size();
    if (lines_.size() >= kMaxLines || bytes_ + size > kMaxBytes) {
      ++dropped_;
      return;
    }
    bytes_ += size;
    lines_.push_back(message);
    urgent_ = urgent_ || message.getPriority() <= Poco::Message::PRIO_WARNING;
    if (resting_ && mayRest()) return;
  }
  wakeUp_.notify_one();
}

bool LogQueue::mayRest() const {
  return !urgent_ && !reopen_ && !stopping_ && flushing_ == 0 && lines_.size() < kMaxLines / 2;
}

void LogQueue::setTarget(Poco::AutoPtr<Poco::Channel> target) {
  const std::lock_guard<std::mutex> lock(mutex_);
  target_ = std::move(target);
}

void LogQueue::reopen() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    reopen_ = true;
  }
  wakeUp_.notify_one();
}

void LogQueue::flush() {
  std::unique_lock<std::mutex> lock(mutex_);
  ++flushing_;
  wakeUp_.notify_one();
  idle_.wait(lock, [this] { return !running_ || (lines_.empty() && !writing_ && !reopen_); });
  --flushing_;
}

void LogQueue::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wakeUp_.wait(lock, [this] { return !lines_.empty() || reopen_ || stopping_; });
    if (lines_.empty() && !reopen_) break;
    std::deque<Poco::Message> batch;
    batch.swap(lines_);
    bytes_ = 0;
    urgent_ = false;
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    const bool reopen = std::exchange(reopen_, false);
    Poco::AutoPtr<Poco::Channel> target = target_;
    writing_ = true;
    lock.unlock();
    try {
      if (reopen) target->open();
    } catch (const std::exception& error) {
      batch.emplace_back("log", error.what(), Poco::Message::PRIO_ERROR);
    }
    if (dropped > 0) {
      batch.emplace_back(
          "log", std::to_string(dropped) + " lines dropped: more came than could be written",
          Poco::Message::PRIO_WARNING);
    }
    for (const Poco::Message& message : batch) {
      try {
        target->log(message);
      } catch (const std::exception&) {
        // There is nobody left to tell.
      }
    }
    lock.lock();
    writing_ = false;
    idle_.notify_all();
    resting_ = true;
    wakeUp_.wait_for(lock, kRest, [this] { return !mayRest(); });
    resting_ = false;
  }
  idle_.notify_all();
}

}  // namespace culvert::service

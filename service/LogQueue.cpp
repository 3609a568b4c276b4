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
  add({message.getSource(), message.getText(), message.getPriority(), message.getTime()});
}

void LogQueue::add(Line line) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::size_t size = line.text.size();
    if (lines_.size() >= kMaxLines || bytes_ + size > kMaxBytes) {
      ++dropped_;
      return;
    }
    bytes_ += size;
    urgent_ = urgent_ || line.priority <= Poco::Message::PRIO_WARNING;
    lines_.push_back(std::move(line));
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
    std::deque<Line> batch;
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
      batch.push_back({"log", error.what(), Poco::Message::PRIO_ERROR});
    }
    if (dropped > 0) {
      batch.push_back({"log",
                       std::to_string(dropped) + " lines dropped: more came than could be written",
                       Poco::Message::PRIO_WARNING});
    }
    write(batch, *target);
    lock.lock();
    writing_ = false;
    idle_.notify_all();
    resting_ = true;
    wakeUp_.wait_for(lock, kRest, [this] { return !mayRest(); });
    resting_ = false;
  }
  idle_.notify_all();
}

void LogQueue::write(const std::deque<Line>& batch, Poco::Channel& target) {
  Poco::Message message;
  for (const Line& line : batch) {
    message.setSource(line.source);
    message.setText(line.text);
    message.setPriority(line.priority);
    message.setTime(line.time);
    try {
      target.log(message);
    } catch (const std::exception&) {
      // There is nobody left to tell.
    }
  }
  if (auto* const kept = dynamic_cast<BatchChannel*>(&target)) kept->flush();
}

}  // namespace culvert::service

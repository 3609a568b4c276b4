#include "service/LogQueue.h"
#include "service/LogStream.h"

#include <Poco/Event.h>
#include <gtest/gtest.h>

#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace culvert::service {
namespace {

class Target final : public Poco::Channel {
 public:
  void log(const Poco::Message& message) override {
    if (blocked) unblock.wait();
    const std::lock_guard<std::mutex> lock(mutex);
    lines.push_back(message.getText());
  }
  void open() override { ++opened; }
  std::vector<std::string> taken() {
    const std::lock_guard<std::mutex> lock(mutex);
    return lines;
  }
  bool blocked = false;
  int opened = 0;
  Poco::Event unblock{Poco::Event::EVENT_MANUALRESET};

 private:
  std::mutex mutex;
  std::vector<std::string> lines;
};

Poco::Message line(const std::string& text) {
  return {"test", text, Poco::Message::PRIO_INFORMATION};
}

TEST(LogQueue, PassesLinesOnInTheirOrder) {
  Poco::AutoPtr<Target> target(new Target);
  Poco::AutoPtr<LogQueue> queue(new LogQueue(target));
  queue->log(line("before it runs"));
  queue->open();
  for (int i = 0; i < 100; ++i) queue->log(line(std::to_string(i)));
  queue->flush();
  const auto lines = target->taken();
  ASSERT_EQ(lines.size(), 101u);
  EXPECT_EQ(lines[0], "before it runs");
  EXPECT_EQ(lines[100], "99");
}

TEST(LogQueue, FlushesATargetThatGathersLinesBehindEachBatch) {
  std::ostringstream out;
  Poco::AutoPtr<LogQueue> queue(new LogQueue(new LogStream(out, LogFormat::Style::Bare)));
  queue->add({"access", "[1] from=-"});
  queue->log(line("by a message"));
  queue->open();
  queue->flush();
  EXPECT_EQ(out.str(), "[1] from=-\ntest: by a message\n");
  queue->add({"access", "[2] from=-"});
  queue->close();
  EXPECT_EQ(out.str(), "[1] from=-\ntest: by a message\n[2] from=-\n");
}

TEST(LogQueue, WritesAWarningThoughItRests) {
  Poco::AutoPtr<Target> target(new Target);
  Poco::AutoPtr<LogQueue> queue(new LogQueue(target));
  queue->open();
  for (int i = 0; i < 1000; ++i) queue->log(line("x"));
  queue->log({"test", "look", Poco::Message::PRIO_WARNING});
  while (target->taken().size() < 1001) std::this_thread::yield();
  EXPECT_EQ(target->taken().back(), "look");
  queue->close();
}

TEST(LogQueue, DropsAndCountsWhatATargetThatHangsCannotTake_LIM_18) {
  Poco::AutoPtr<Target> target(new Target);
  target->blocked = true;
  Poco::AutoPtr<LogQueue> queue(new LogQueue(target));
  for (std::size_t i = 0; i < LogQueue::kMaxLines + 1000; ++i) queue->log(line("x"));
  queue->open();
  target->unblock.set();
  queue->flush();
  const auto lines = target->taken();
  EXPECT_EQ(lines.size(), LogQueue::kMaxLines + 1);
  EXPECT_NE(lines.back().find("1000 lines dropped"), std::string::npos) << lines.back();
}

TEST(LogQueue, BoundsTheBytesToo_LIM_18) {
  Poco::AutoPtr<Target> target(new Target);
  Poco::AutoPtr<LogQueue> queue(new LogQueue(target));
  for (int i = 0; i < 1000; ++i) queue->log(line(std::string(4096, 'x')));
  queue->open();
  queue->flush();
  EXPECT_LE(target->taken().size(), LogQueue::kMaxBytes / 4096 + 1);
}

TEST(LogQueue, WritesWhatWaitsBeforeItEnds) {
  Poco::AutoPtr<Target> target(new Target);
  {
    Poco::AutoPtr<LogQueue> queue(new LogQueue(target));
    queue->open();
    queue->log(line("last words"));
    queue->close();
  }
  EXPECT_EQ(target->taken(), std::vector<std::string>{"last words"});
}

TEST(LogQueue, ReopensItsTargetFromItsOwnThread) {
  Poco::AutoPtr<Target> target(new Target);
  Poco::AutoPtr<LogQueue> queue(new LogQueue(target));
  queue->open();
  queue->reopen();
  queue->flush();
  EXPECT_EQ(target->opened, 1);
}

}  // namespace
}  // namespace culvert::service

// What the program says under one name, for tests in which the line is the subject.
#pragma once

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/Logger.h>
#include <Poco/Message.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::test {

/// Collects the lines of one log from its construction to its end.
class LogLines {
 public:
  explicit LogLines(const std::string& name)
      : logger_(Poco::Logger::get(name)), before_(logger_.getChannel()), heard_(new Channel) {
    logger_.setChannel(heard_);
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  ~LogLines() { logger_.setChannel(before_); }

  /// Lines that hold the text.
  [[nodiscard]] std::size_t count(std::string_view text) const {
    return static_cast<std::size_t>(std::count_if(
        heard_->lines.begin(), heard_->lines.end(),
        [text](const std::string& line) { return line.find(text) != std::string::npos; }));
  }

 private:
  struct Channel final : Poco::Channel {
    void log(const Poco::Message& message) override { lines.push_back(message.getText()); }
    std::vector<std::string> lines;
  };

  Poco::Logger& logger_;
  const Poco::AutoPtr<Poco::Channel> before_;
  const Poco::AutoPtr<Channel> heard_;
};

}  // namespace culvert::test

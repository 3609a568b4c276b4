#include "service/Logging.h"

#include "base/Log.h"
#include "proxy/Flow.h"
#include "service/LogFile.h"
#include "service/LogFormat.h"
#include "service/LogStream.h"
#include "service/SystemLog.h"

#include <Poco/FormattingChannel.h>
#include <Poco/Logger.h>

#include <exception>
#include <iostream>
#include <utility>

namespace culvert::service {
namespace {

constexpr Log log{"log"};

Poco::AutoPtr<Poco::Channel> formatted(LogFormat::Style style,
                                       const Poco::AutoPtr<Poco::Channel>& channel) {
  const Poco::AutoPtr<Poco::Formatter> formatter(new LogFormat(style));
  return new Poco::FormattingChannel(formatter, channel);
}

LogFormat::Style styleOf(const config::LogConfig& config) {
  return config.json ? LogFormat::Style::Json : LogFormat::Style::Text;
}

}  // namespace

class Logging::Access final : public proxy::AccessLog {
 public:
  explicit Access(Poco::AutoPtr<Poco::Channel> channel)
      : queue_(new LogQueue(std::move(channel))) {}
  ~Access() override { queue_->close(); }
  void write(std::string line) override { queue_->add({"access", std::move(line)}); }
  LogQueue& queue() { return *queue_; }

 private:
  Poco::AutoPtr<LogQueue> queue_;
};

Poco::AutoPtr<Poco::Channel> Logging::mainChannel(const config::LogConfig& config,
                                                  Fallback fallback) {
  if (!config.file.empty()) return formatted(styleOf(config), new LogFile(config.file));
  if (fallback == Fallback::SystemLog)
    return formatted(LogFormat::Style::Bare, makeSystemLog("culvert"));
  return new LogStream(std::cerr, styleOf(config));
}

Poco::AutoPtr<Poco::Channel> Logging::accessChannel(const config::LogConfig& config) {
  if (config.access == "stdout") return new LogStream(std::cout, styleOf(config));
  return formatted(styleOf(config), new LogFile(config.access));
}

Logging::Logging(const config::LogConfig& config, Fallback fallback)
    : fallback_(fallback), config_(config), queue_(new LogQueue(mainChannel(config, fallback))) {
  if (!config.access.empty() && config.access != "none") {
    access_ = std::make_unique<Access>(accessChannel(config));
    proxy::setAccessLog(access_.get());
  }
  // Levels are judged before a line is put together (base/Log.h); the loggers let everything pass.
  Poco::Logger::root();
  Poco::Logger::setChannel("", queue_);
  Poco::Logger::setLevel("", Poco::Message::PRIO_TRACE);
  applyPlain(config);
}

Logging::~Logging() {
  proxy::setAccessLog(nullptr);
  access_.reset();
  queue_->close();
  Poco::Logger::setChannel("", nullptr);
}

void Logging::start() {
  started_ = true;
  queue_->open();
  if (access_) access_->queue().open();
}

void Logging::applyPlain(const config::LogConfig& config) {
  Log::setLevel(config.level);
  using Addresses = config::LogConfig::Addresses;
  proxy::setShowSources(config.addresses == Addresses::Full    ? proxy::ShowSources::Full
                        : config.addresses == Addresses::Short ? proxy::ShowSources::Short
                                                               : proxy::ShowSources::None);
}

void Logging::apply(const config::LogConfig& config) {
  if (config.file != config_.file || config.json != config_.json) {
    try {
      queue_->setTarget(mainChannel(config, fallback_));
      config_.file = config.file;
    } catch (const std::exception& error) {
      log.error(error.what(), "; the log stays where it was");
    }
  }
  if (config.access != config_.access || config.json != config_.json) setAccess(config);
  config_.json = config.json;
  applyPlain(config);
}

void Logging::setAccess(const config::LogConfig& config) {
  const bool wanted = !config.access.empty() && config.access != "none";
  try {
    if (wanted && access_) {
      access_->queue().setTarget(accessChannel(config));
    } else if (wanted) {
      access_ = std::make_unique<Access>(accessChannel(config));
      if (started_) access_->queue().open();
    }
    // Flows may be using the old one: it stays, unused, until the program ends.
    proxy::setAccessLog(wanted ? access_.get() : nullptr);
    config_.access = config.access;
  } catch (const std::exception& error) {
    log.error(error.what(), "; access lines stay where they were");
  }
}

void Logging::reopen() {
  if (!config_.file.empty()) queue_->reopen();
  if (access_ && config_.access != "stdout" && config_.access != "none") access_->queue().reopen();
}

void Logging::flush() {
  queue_->flush();
  if (access_) access_->queue().flush();
}

}  // namespace culvert::service

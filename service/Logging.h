// The log of the running program: from culvert::Log to standard error, a file or the system's log,
// and the access lines to where they belong.
#pragma once

#include "config/Model.h"
#include "service/LogQueue.h"

#include <Poco/AutoPtr.h>

#include <memory>
#include <string>

namespace culvert::service {

class Logging {
 public:
  enum class Fallback { StandardError, SystemLog };  ///< where lines go without a log file

  /// Opens the files and directs all loggers here; lines wait until start().  Throws
  /// std::runtime_error.
  Logging(const config::LogConfig& config, Fallback fallback);
  ~Logging();
  Logging(const Logging&) = delete;
  Logging& operator=(const Logging&) = delete;

  /// Starts the threads that write.
  void start();
  /// A new configuration: level, format and files.  What cannot be opened is reported in the log
  /// and the old one stays in use.
  void apply(const config::LogConfig& config);
  /// Opens the files anew (they may have been moved away).
  void reopen();
  /// Waits until what was logged before is written.
  void flush();

 private:
  class Access;
  static Poco::AutoPtr<Poco::Channel> mainChannel(const config::LogConfig& config,
                                                  Fallback fallback);
  static Poco::AutoPtr<Poco::Channel> accessChannel(const config::LogConfig& config);
  void setAccess(const config::LogConfig& config);
  void applyPlain(const config::LogConfig& config);

  const Fallback fallback_;
  config::LogConfig config_;
  Poco::AutoPtr<LogQueue> queue_;
  std::unique_ptr<Access> access_;
  bool started_ = false;
};

}  // namespace culvert::service

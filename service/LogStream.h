// Lines on a standard stream, those that come together in one write.
#pragma once

#include "service/LogFormat.h"
#include "service/LogQueue.h"

#include <Poco/AutoPtr.h>

#include <ostream>
#include <string>

namespace culvert::service {

/// Used by one thread.
class LogStream final : public BatchChannel {
 public:
  /// `stream` outlives it.
  LogStream(std::ostream& stream, LogFormat::Style style)
      : stream_(stream), format_(new LogFormat(style)) {}

  void log(const Poco::Message& message) override;
  /// What the stream does not take is lost: whoever reads it has gone, and may come back.
  void flush() override;

 private:
  static constexpr std::size_t kMostBytes = 64 * 1024;  ///< kept; then it flushes by itself

  std::ostream& stream_;
  Poco::AutoPtr<LogFormat> format_;
  std::string line_, lines_;
};

}  // namespace culvert::service

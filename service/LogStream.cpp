#include "service/LogStream.h"

namespace culvert::service {

void LogStream::log(const Poco::Message& message) {
  format_->format(message, line_);
  lines_ += line_;
  lines_ += '\n';
  if (lines_.size() >= kMostBytes) flush();
}

void LogStream::flush() {
  stream_.clear();
  stream_.write(lines_.data(), static_cast<std::streamsize>(lines_.size())).flush();
  lines_.clear();
}

}  // namespace culvert::service

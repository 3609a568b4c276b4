// A log file on disk: appended to, rotated by size, opened with care (LOG-3, F-DISK).
#pragma once

#include "base/Clock.h"

#include <Poco/Channel.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace culvert::service {

/// Writes each message's text as one line.  Used by one thread.
class LogFile final : public Poco::Channel {
 public:
  static constexpr std::size_t kMaxBytes = 10 * 1024 * 1024;  ///< then it becomes NAME.1, and so on
  static constexpr int kKept = 5;

  /// Throws std::runtime_error when the file cannot be opened: no such folder, a link, a folder
  /// others may write to, no rights.
  explicit LogFile(std::string path, std::size_t maxBytes = kMaxBytes);

  /// A line that cannot be written whole is taken back and counted; the file is tried again every
  /// second.
  void log(const Poco::Message& message) override;
  /// Opens the file anew, where it may have been moved away.  When that fails the old one stays in
  /// use.
  void open() override;
  void close() override;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 protected:
  ~LogFile() override;

 private:
  int openFile() const;  // throws
  void rotate();
  bool append(const std::string& line);

  const std::string path_;
  const std::size_t maxBytes_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t lost_ = 0;
  Clock::time_point retryAt_{};
};

}  // namespace culvert::service

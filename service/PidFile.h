// The pid file: locked while the process lives, so that a left-over never stands in the way of a
// start (F-KILL9).
#pragma once

#include <string>

namespace culvert::service {

class PidFile {
 public:
  PidFile() = default;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  /// Removes the file, or empties it when it may not be removed.
  ~PidFile();

  /// Opens and locks `path`.  Throws std::runtime_error: "already running (pid 4711)" or why it
  /// cannot be opened.
  void lock(const std::string& path);
  /// Writes this process's number.
  void write();

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace culvert::service

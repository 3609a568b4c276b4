// Going to the background, so that whoever started the program learns how that went.
//
// The parent waits until the child says it serves, then ends with 0; else it prints the child's
// last words and ends with its status.
#pragma once

#include <string>

namespace culvert::service {

class Daemon {
 public:
  Daemon() = default;
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  /// Forks, before any thread is started.  Returns in the child, which has its own session, "/" as
  /// its folder and umask 027; in the parent it prints, and exits.  Throws std::system_error.
  void detach();
  /// In the child: it serves; standard input, output and error are /dev/null from now on.
  void reportReady();
  /// In the child: it could not start.
  void reportFailure(int status, const std::string& text);

 private:
  int report_ = -1;
};

}  // namespace culvert::service

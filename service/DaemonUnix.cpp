#include "service/CommandLine.h"
#include "service/Daemon.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace culvert::service {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

void writeAll(int descriptor, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t written = ::write(descriptor, bytes.data() + at, bytes.size() - at);
    if (written < 0 && errno != EINTR) return;
    if (written > 0) at += static_cast<std::size_t>(written);
  }
}

/// The parent's last act: the child's report is a status byte and a text.
[[noreturn]] void followChild(int report, pid_t child) {
  std::string bytes;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(report, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  int status = kInternal;
  if (!bytes.empty()) {
    status = static_cast<unsigned char>(bytes.front());
    std::fwrite(bytes.data() + 1, 1, bytes.size() - 1, stderr);
  } else {
    int ended = 0;
    ::waitpid(child, &ended, 0);
    if (WIFSIGNALED(ended)) std::fprintf(stderr, "culvert: ended by signal %d\n", WTERMSIG(ended));
    if (WIFEXITED(ended) && WEXITSTATUS(ended) != 0) status = WEXITSTATUS(ended);
  }
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace

Daemon::~Daemon() {
  if (report_ >= 0) ::close(report_);
}

void Daemon::detach() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child > 0) {
    ::close(ends[1]);
    followChild(ends[0], child);
  }
  ::close(ends[0]);
  report_ = ends[1];
  if (::setsid() < 0) fail("setsid");
  if (::chdir("/") != 0) fail("chdir /");
  ::umask(027);
}

void Daemon::reportReady() {
  if (report_ < 0) return;
  const int null = ::open("/dev/null", O_RDWR);
  if (null >= 0) {
    std::fflush(nullptr);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, standard);
    if (null > STDERR_FILENO) ::close(null);
  }
  writeAll(report_, std::string(1, static_cast<char>(kGood)));
  ::close(report_);
  report_ = -1;
}

void Daemon::reportFailure(int status, const std::string& text) {
  if (report_ < 0) return;
  writeAll(report_, std::string(1, static_cast<char>(status)) + text);
  ::close(report_);
  report_ = -1;
}

}  // namespace culvert::service

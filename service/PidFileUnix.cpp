#include "service/PidFile.h"
#include "service/Reason.h"

#include <cerrno>
#include <fcntl.h>
#include <stdexcept>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace culvert::service {
namespace {

std::string firstWord(int descriptor) {
  char text[32] = {};
  const ssize_t got = ::pread(descriptor, text, sizeof text - 1, 0);
  if (got <= 0) return {};
  const std::string all(text, static_cast<std::size_t>(got));
  return all.substr(0, all.find_first_not_of("0123456789"));
}

}  // namespace

PidFile::~PidFile() {
  if (descriptor_ < 0) return;
  if (::unlink(path_.c_str()) != 0 && ::ftruncate(descriptor_, 0) != 0) {
    // Left behind: the next start overwrites it.
  }
  ::close(descriptor_);
}

void PidFile::lock(const std::string& path) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor < 0) throw std::runtime_error("pid file " + path + ": " + systemReason(errno));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      const std::string pid = firstWord(descriptor);
      ::close(descriptor);
      if (error != EWOULDBLOCK)
        throw std::runtime_error("pid file " + path + ": " + systemReason(error));
      throw std::runtime_error("already running" + (pid.empty() ? "" : " (pid " + pid + ")"));
    }
    // The one who held it may have removed the file between our open and our lock.
    struct stat opened {
    }, named{};
    if (::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
        opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
      path_ = path;
      descriptor_ = descriptor;
      return;
    }
    ::close(descriptor);
  }
}

void PidFile::write() {
  if (descriptor_ < 0) return;
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("pid file " + path_ + ": " + systemReason(errno));
  }
}

}  // namespace culvert::service

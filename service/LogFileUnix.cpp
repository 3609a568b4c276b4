#include "service/LogFile.h"
#include "service/Reason.h"

#include <Poco/Message.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace culvert::service {

LogFile::LogFile(std::string path, std::size_t maxBytes)
    : path_(std::move(path)), maxBytes_(maxBytes) {
  open();
}

LogFile::~LogFile() {
  close();
}

int LogFile::openFile() const {
  const auto fail = [&](const std::string& why) {
    throw std::runtime_error("log file " + path_ + ": " + why);
  };
  const std::filesystem::path file(path_);
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  struct stat around {};
  if (::stat(folder.c_str(), &around) != 0) fail(folder + ": " + systemReason(errno));
  // Where others may put links, a log is not safe; a sticky folder lets nobody replace ours.
  if ((around.st_mode & S_IWOTH) != 0 && (around.st_mode & S_ISVTX) == 0) {
    fail("others may write to the folder " + folder);
  }
  const int descriptor = ::open(
      path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
  if (descriptor < 0) fail(errno == ELOOP ? "it is a link" : systemReason(errno));
  return descriptor;
}

void LogFile::open() {
  const int fresh = openFile();
  close();
  descriptor_ = fresh;
  struct stat status {};
  size_ = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)
              ? static_cast<std::uint64_t>(status.st_size)
              : 0;
}

void LogFile::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void LogFile::rotate() {
  // Oldest first, so that each name is free when it is needed.
  std::remove((path_ + "." + std::to_string(kKept)).c_str());
  for (int i = kKept - 1; i >= 1; --i) {
    std::rename((path_ + "." + std::to_string(i)).c_str(),
                (path_ + "." + std::to_string(i + 1)).c_str());
  }
  if (std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) {
    size_ = 0;  // it may not be renamed: go on, and look again after as many bytes
    return;
  }
  open();
}

bool LogFile::append(const std::string& line) {
  if (descriptor_ < 0) return false;
  const ssize_t written = ::write(descriptor_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    size_ += line.size();
    return true;
  }
  if (written > 0) {
    // The disk is full: no half lines.
    struct stat status {};
    if (::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size >= written && ::ftruncate(descriptor_, status.st_size - written) != 0) {
      size_ += static_cast<std::uint64_t>(written);
    }
  }
  return false;
}

void LogFile::log(const Poco::Message& message) {
  const Clock::time_point now = Clock::now();
  if (lost_ > 0 && now < retryAt_) {
    ++lost_;
    return;
  }
  try {
    struct stat named {};
    // Removed or moved away while lines were lost: start a new one.
    if (descriptor_ < 0 || (lost_ > 0 && ::stat(path_.c_str(), &named) != 0)) open();
    if (size_ >= maxBytes_) rotate();
    const std::string& text = message.getText();
    std::string line;
    if (lost_ > 0)
      line = text.substr(0, text.find(' ')) + " warning log: " + std::to_string(lost_) +
             " lines lost\n";
    line += text + "\n";
    if (append(line)) {
      lost_ = 0;
      return;
    }
  } catch (const std::exception&) {
    // The folder is gone or may not be written to; counted below.
  }
  ++lost_;
  retryAt_ = now + std::chrono::seconds(1);
}

}  // namespace culvert::service

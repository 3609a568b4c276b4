#include "config/Files.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace culvert::config {
namespace {

[[noreturn]] void fail(int error, const std::string& path) {
  throw std::system_error(error, std::generic_category(), path);
}

class Descriptor {
 public:
  /// Without waiting for a FIFO's other end.
  explicit Descriptor(const std::string& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
    if (number_ < 0) fail(errno, path);
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

/// Whether `path` is a link that somebody else may have made, or may make lead elsewhere.
bool isPlantable(const std::string& path) {
  struct stat named {
  }, around{};
  const std::string folder = absoluteDirectory(path);
  return ::lstat(path.c_str(), &named) == 0 && S_ISLNK(named.st_mode) &&
         ::stat(folder.c_str(), &around) == 0 && (around.st_mode & S_IWOTH) != 0;
}

}  // namespace

FileText readFile(const std::string& path, std::size_t limitBytes) {
  const Descriptor file(path);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) fail(errno, path);
  if (S_ISDIR(status.st_mode)) fail(EISDIR, path);
  if (!S_ISREG(status.st_mode)) fail(ENOTSUP, path);
  if (status.st_size > static_cast<off_t>(limitBytes)) fail(EFBIG, path);

  FileText result;
  result.mode = status.st_mode & 07777;
  result.readableByOthers = (status.st_mode & S_IROTH) != 0;
  result.ownedByStranger = status.st_uid != 0 && status.st_uid != ::geteuid();
  result.isPlantable = isPlantable(path);
  result.text.resize(limitBytes + 1);
  std::size_t have = 0;
  while (have < result.text.size()) {
    const ssize_t got = ::read(file.number(), result.text.data() + have, result.text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(errno, path);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > limitBytes) fail(EFBIG, path);
  result.text.resize(have);
  return result;
}

std::string absoluteDirectory(const std::string& path) {
  return std::filesystem::absolute(path).parent_path().string();
}

}  // namespace culvert::config

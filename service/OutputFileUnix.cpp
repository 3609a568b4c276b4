#include "service/OutputFile.h"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace culvert::service {

void writeNewFile(const std::string& path, const std::string& text) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) throw std::system_error(errno, std::system_category(), path);
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(descriptor, text.data() + at, text.size() - at);
    if (written < 0 && errno != EINTR) {
      const int error = errno;
      ::close(descriptor);
      ::unlink(path.c_str());
      throw std::system_error(error, std::system_category(), path);
    }
    if (written > 0) at += static_cast<std::size_t>(written);
  }
  if (::close(descriptor) != 0) throw std::system_error(errno, std::system_category(), path);
}

}  // namespace culvert::service

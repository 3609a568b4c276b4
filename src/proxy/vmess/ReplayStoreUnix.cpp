#include "proxy/vmess/ReplayStore.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <new>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace culvert::vmess {
namespace {

std::error_code lastError() {
  return {errno, std::system_category()};
}

/// A larger file is none of ours.
constexpr off_t kMaxBytes = off_t{64} * 1024 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

class Mapping final : public ReplayStore {
 public:
  /// Takes over a mapping and the descriptor whose lock guards it.
  Mapping(void* address, std::size_t size, Descriptor file) noexcept
      : bytes_(static_cast<std::uint8_t*>(address), size), file_(std::move(file)) {}
  ~Mapping() override { ::munmap(bytes_.data(), bytes_.size()); }
  MutableBytes bytes() noexcept override { return bytes_; }
  void rest() noexcept override {
    // Of a file's pages the system keeps what was written; without a file it would be lost.
    if (file_.get() >= 0) ::madvise(bytes_.data(), bytes_.size(), MADV_DONTNEED);
  }

 private:
  MutableBytes bytes_;
  Descriptor file_;
};

}  // namespace

Result<OpenedReplayStore> openReplayStore(const std::string& path, std::size_t size,
                                          Existing existing) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;  // what is wrong with the folder shows when the file is opened
  if (std::filesystem::create_directories(folder, ignored)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  }
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return lastError();
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? std::make_error_code(std::errc::device_or_resource_busy)
                                : lastError();
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return lastError();
  if (!S_ISREG(status.st_mode)) return std::make_error_code(std::errc::invalid_argument);

  bool existed = status.st_size > 0;
  if (existed && (existing == Existing::Clear || status.st_size > kMaxBytes)) {
    if (::ftruncate(file.get(), 0) != 0) return lastError();
    existed = false;
  }
  if (existed) {
    size = static_cast<std::size_t>(status.st_size);
  } else if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(size))) {
    // Room is taken now: a write into a mapping without room on the disk would kill the process.
    static_cast<void>(::ftruncate(file.get(), 0));
    return std::error_code(error, std::system_category());
  }
  void* const address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return lastError();
  return OpenedReplayStore{std::make_unique<Mapping>(address, size, std::move(file)), existed};
}

std::unique_ptr<ReplayStore> makeReplayStore(std::size_t size) {
  void* const address =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  return std::make_unique<Mapping>(address, size, Descriptor(-1));
}

}  // namespace culvert::vmess

// The system's hosts file: names and addresses its owner wrote down.  Read again when it has
// changed.
#pragma once

#include "base/Destination.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace culvert {

/// Tells whether a file is another one than before.
class FileStamp {
 public:
  explicit FileStamp(std::filesystem::path path) : path_(std::move(path)) {}
  /// True on the first call and after each change, also when the file came or went.
  bool hasChanged();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  std::filesystem::file_time_type time_{};
  std::uintmax_t size_ = 0;
  bool first_ = true;
};

class HostsFile {
 public:
  explicit HostsFile(std::filesystem::path path) : stamp_(std::move(path)) {}

  /// The addresses of `name` in the file's order; empty when it is not there.  "localhost" and
  /// names below it are loopback in any case (RFC 6761).
  [[nodiscard]] std::vector<Ip> find(const std::string& name);

 private:
  void read();

  FileStamp stamp_;
  std::unordered_map<std::string, std::vector<Ip>> names_;
};

}  // namespace culvert

// Reading a file that configures the program: regular files only, by one open descriptor, never
// more than a limit (CFG-6).
#pragma once

#include <cstddef>
#include <string>

namespace culvert::config {

struct FileText {
  std::string text;
  bool readableByOthers = false;  ///< Unix: mode o+r; Windows: Users or Everyone
  bool ownedByStranger = false;   ///< neither us nor the administrator
  bool isPlantable = false;       ///< a link in a folder others may write to: it can be exchanged
  unsigned mode = 0;              ///< Unix permission bits, for messages; 0 elsewhere
};

/// Reads all of `path`, following links.  Throws std::system_error: the system's reason,
/// is_a_directory, not_supported for anything else that is no regular file, file_too_large above
/// `limitBytes`.
FileText readFile(const std::string& path, std::size_t limitBytes);

/// The folder `path` is in, as an absolute name.
std::string absoluteDirectory(const std::string& path);

}  // namespace culvert::config

// Files the program writes for its owner.
#pragma once

#include <string>

namespace culvert::service {

/// Writes `text` to a new file that only its owner may read (0600).  Throws std::system_error: a
/// file that is there is never overwritten.
void writeNewFile(const std::string& path, const std::string& text);

}  // namespace culvert::service

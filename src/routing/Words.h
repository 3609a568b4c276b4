// String lists as V2Ray writes them: a list of strings, or one string with commas.
#pragma once

#include "config/Node.h"
#include "config/Problems.h"

#include <string>
#include <vector>

namespace culvert::routing {

struct Word {
  std::string text;   ///< trimmed, not empty
  config::Node node;  ///< where it stands, for messages
};

/// The words of `node`; what is no string is reported.  Empty words are dropped, as V2Ray's empty
/// string is. An Absent node gives none.
std::vector<Word> readWords(const config::Node& node, config::Problems& problems);

/// Blanks at both ends taken away.
std::string_view trimmed(std::string_view text);

}  // namespace culvert::routing

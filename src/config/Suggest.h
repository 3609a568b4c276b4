// Did you mean ...: what somebody probably wanted to write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace culvert::config {

/// The candidate nearest to `typed`, letter case and `_`, `-`, `.` aside, or "" when none is near
/// enough (at most max(1, length / 3) insertions, deletions, changes or swaps of neighbours) or two
/// are equally near.
std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

/// `; did you mean "bridge"?`, or "".
std::string didYouMean(std::string_view typed, const std::vector<std::string>& candidates);

/// A key and the section it belongs to: {"publish", "portal:"}.
struct KeyHome {
  std::string key, home;
};
/// `"publish" belongs under portal:; check the indentation`, or "".
std::string belongsUnder(std::string_view typed, const std::vector<KeyHome>& homes);

/// What a key of frp, rathole, cloudflared, ngrok or V2Ray is called in the YAML front end: a hint,
/// or "". `besideServer`: the map has a `server`, so that `key` means the id.
std::string foreignKey(std::string_view typed, bool besideServer = false);

}  // namespace culvert::config

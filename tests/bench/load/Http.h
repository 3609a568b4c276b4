// As much of HTTP/1.1 as both ends of the bench need.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace culvert::load::http1 {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kMaxHeadBytes = 16 * 1024;
constexpr std::size_t kBodyBytes = 1024;

/// The answer to every request, head and body.
const std::string& keptAnswer();
const std::string& closingAnswer();

/// Whether a head has "Connection: close".
bool wantsClose(std::string_view head);
/// The Content-Length of an answer "200"; nothing if it is another or has none.
std::optional<std::size_t> bodyBytes(std::string_view head);

}  // namespace culvert::load::http1

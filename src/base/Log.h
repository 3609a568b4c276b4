// Log lines, named by the folder they come from.
//
//   constexpr Log log{"reverse"};
//   log.warning("link ", id, " to ", server, " lost: ", why, "; next dial in ", pause);
//
// The pieces are put together only if the level is on.  What comes from outside the program goes
// through inQuotes(), which escapes what could forge or garble a line (LOG-1).  A line goes to the
// Poco::Logger of that name; service/ gives the loggers their channels, behind a queue, so that
// writing never blocks (LOG-3).  Repeats of one message kind are folded (LOG-4): the kind is the
// text of the first piece.
#pragma once

#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

namespace culvert {

enum class LogLevel { Debug, Info, Warning, Error, None };

/// `text` in double quotes; control characters, quotes, backslashes, bytes that are not UTF-8 and
/// the Unicode line separators escaped as \xNN or \uNNNN; cut at 256 bytes.
std::string inQuotes(std::string_view text);

/// `text` without quotes, escaped the same way and cut at `limit` bytes.
std::string escaped(std::string_view text, std::size_t limit = 4096);

namespace log_detail {
void put(std::ostream& out, std::chrono::nanoseconds duration);
inline void put(std::ostream& out, const std::error_code& error) {
  out << error.message();
}
inline void put(std::ostream& out, bool value) {
  out << (value ? "true" : "false");
}
inline void put(std::ostream& out, std::uint8_t value) {
  out << static_cast<unsigned>(value);
}
template <class Rep, class Period>
void put(std::ostream& out, std::chrono::duration<Rep, Period> duration) {
  put(out, std::chrono::duration_cast<std::chrono::nanoseconds>(duration));
}
template <class T>
requires requires(std::ostream& out, const T& value) {
  out << value;
}
void put(std::ostream& out, const T& value) {
  out << value;
}
template <class T>
requires(
    !requires(std::ostream & out, const T& value) { out << value; } &&
    requires(const T& value) { toString(value); }) void put(std::ostream& out, const T& value) {
  out << toString(value);
}
}  // namespace log_detail

class Log {
 public:
  constexpr explicit Log(const char* name) noexcept : name_(name) {}

  template <class... Parts>
  void debug(const Parts&... parts) const {
    line(LogLevel::Debug, parts...);
  }
  template <class... Parts>
  void info(const Parts&... parts) const {
    line(LogLevel::Info, parts...);
  }
  template <class... Parts>
  void warning(const Parts&... parts) const {
    line(LogLevel::Warning, parts...);
  }
  template <class... Parts>
  void error(const Parts&... parts) const {
    line(LogLevel::Error, parts...);
  }
  /// Whether a line of `level` would be written: one atomic load.
  [[nodiscard]] static bool isOn(LogLevel level) noexcept;
  /// From now on lines below `level` are dropped.  Thread-safe.
  static void setLevel(LogLevel level) noexcept;

 private:
  template <class First, class... Parts>
  void line(LogLevel level, const First& first, const Parts&... parts) const {
    if (!isOn(level)) return;
    std::ostringstream out;
    log_detail::put(out, first);
    const std::string kind = out.str();
    (log_detail::put(out, parts), ...);
    write(level, kind, out.str());
  }
  void write(LogLevel level, std::string_view kind, const std::string& text) const;

  const char* name_;
};

}  // namespace culvert

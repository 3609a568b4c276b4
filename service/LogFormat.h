// How a line looks.
//
//   2026-11-23T10:31:02.123+01:00 info reverse: link 3 to vps.example.com:16823 is up
//   {"time":"2026-11-23T10:31:02.123+01:00","level":"info","source":"reverse","message":"link 3 to
//   ..."}
//
// Local time with its offset, put together once a second.  Messages from "access" are the access
// log's: without level and source, and in JSON one member for each of their fields.
#pragma once

#include <Poco/Formatter.h>
#include <Poco/Timestamp.h>

#include <ctime>
#include <string>
#include <string_view>

namespace culvert::service {

/// Of one thread.
class LogFormat final : public Poco::Formatter {
 public:
  enum class Style {
    Text,
    Json,
    Bare,  ///< without time and level, which a system log adds itself
  };
  explicit LogFormat(Style style) : style_(style) {}

  void format(const Poco::Message& message, std::string& text) override;

 private:
  std::string timeOf(const Poco::Timestamp& time);

  const Style style_;
  std::time_t second_ = -1;    ///< of the next two
  std::string upTo_, offset_;  ///< "2026-11-23T10:31:02.", "+01:00"
};

/// `text` as the inside of a JSON string.
std::string jsonEscaped(std::string_view text);
/// The fields of an access line ("[417] from=… end=ok") as JSON members, with a comma before each.
std::string accessMembers(std::string_view line);

}  // namespace culvert::service

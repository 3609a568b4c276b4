#include "service/LogFormat.h"

#include <Poco/DateTimeFormatter.h>
#include <Poco/LocalDateTime.h>
#include <Poco/Message.h>
#include <Poco/NumberFormatter.h>

#include <algorithm>
#include <cstdio>

namespace culvert::service {
namespace {

constexpr std::size_t kMaxLine = 4096;

std::string_view levelName(Poco::Message::Priority priority) {
  if (priority <= Poco::Message::PRIO_ERROR) return "error";
  if (priority == Poco::Message::PRIO_WARNING) return "warning";
  if (priority <= Poco::Message::PRIO_INFORMATION) return "info";
  return "debug";
}

/// One event is one line of at most 4 KiB (LOG-1).
void appendLine(std::string& out, std::string_view text) {
  const std::size_t before = out.size();
  out += text.substr(0, kMaxLine);
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
}

}  // namespace

std::string jsonEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escape;
    } else {
      out += c;
    }
  }
  return out;
}

std::string accessMembers(std::string_view line) {
  std::string out;
  const auto member = [&](std::string_view key, std::string_view value, bool number) {
    out += ",\"" + jsonEscaped(key) + "\":";
    out += number ? std::string(value) : "\"" + jsonEscaped(value) + "\"";
  };
  if (line.starts_with('[')) {
    const std::size_t end = line.find(']');
    if (end != std::string_view::npos) {
      member("session", line.substr(1, end - 1), true);
      line.remove_prefix(std::min(end + 2, line.size()));
    }
  }
  while (!line.empty()) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) break;
    const std::string_view key = line.substr(0, equals);
    line.remove_prefix(equals + 1);
    std::string value;
    if (line.starts_with('"')) {
      std::size_t i = 1;
      for (; i < line.size() && line[i] != '"'; ++i) {
        // Only the quote and the backslash lose theirs; \xNN stays readable.
        if (line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == '"' || line[i + 1] == '\\'))
          ++i;
        value += line[i];
      }
      line.remove_prefix(std::min(i + 2, line.size()));
    } else {
      value = line.substr(0, line.find(' '));
      line.remove_prefix(std::min(value.size() + 1, line.size()));
    }
    const bool number = (key == "up" || key == "down" || key == "time") && !value.empty() &&
                        value.find_first_not_of("0123456789.") == std::string::npos;
    member(key, value, number);
  }
  return out;
}

/// The C library looks at the zone's file whenever it is asked for local time.
std::string LogFormat::timeOf(const Poco::Timestamp& time) {
  if (time.epochTime() != second_) {
    const Poco::LocalDateTime local(time);
    upTo_ = Poco::DateTimeFormatter::format(local, "%Y-%m-%dT%H:%M:%S.");
    offset_ = Poco::DateTimeFormatter::format(local, "%z");
    second_ = time.epochTime();
  }
  std::string text = upTo_;
  Poco::NumberFormatter::append0(text, static_cast<int>(time.epochMicroseconds() / 1000 % 1000), 3);
  return text += offset_;
}

void LogFormat::format(const Poco::Message& message, std::string& text) {
  const bool access = message.getSource() == "access";
  if (style_ == Style::Bare) {
    text.clear();
    appendLine(text, access ? message.getText() : message.getSource() + ": " + message.getText());
    return;
  }
  const std::string time = timeOf(message.getTime());
  const std::string_view level = levelName(message.getPriority());
  if (style_ == Style::Json) {
    text = "{\"time\":\"" + time + "\"";
    if (access) {
      text += accessMembers(message.getText());
    } else {
      text += ",\"level\":\"" + std::string(level) + "\",\"source\":\"" +
              jsonEscaped(message.getSource()) + "\",\"message\":\"" +
              jsonEscaped(std::string_view(message.getText()).substr(0, kMaxLine)) + "\"";
    }
    text += "}";
    return;
  }
  text = time + " ";
  if (!access) text += std::string(level) + " " + message.getSource() + ": ";
  appendLine(text, message.getText());
}

}  // namespace culvert::service

#include "base/Log.h"

#include "base/Clock.h"

#include <Poco/Logger.h>
#include <Poco/Message.h>

#include <array>
#include <atomic>
#include <iomanip>
#include <map>
#include <mutex>

namespace culvert {
namespace {

std::atomic<LogLevel> currentLevel{LogLevel::Info};

Poco::Message::Priority priorityOf(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return Poco::Message::PRIO_DEBUG;
    case LogLevel::Info:
      return Poco::Message::PRIO_INFORMATION;
    case LogLevel::Warning:
      return Poco::Message::PRIO_WARNING;
    case LogLevel::Error:
    case LogLevel::None:
      return Poco::Message::PRIO_ERROR;
  }
  return Poco::Message::PRIO_ERROR;
}

/// The length of the well-formed UTF-8 sequence at the front of `text`, 0 if there is none.
std::size_t sequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (length == 3 && ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)))
    return 0;
  if (length == 4 && ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)))
    return 0;
  return length;
}

void appendHex(std::string& out, unsigned value, int digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kDigits[value >> shift & 0xf];
}

/// Counts lines of one kind so that a flood leaves a summary instead of itself (LOG-4).
class Folder {
 public:
  static constexpr int kLinesPerSecond = 10;
  static constexpr std::chrono::seconds kSummaryEvery{60};

  struct Verdict {
    bool write = true;
    unsigned folded = 0;  ///< lines swallowed since the last summary, to be told now
    std::chrono::seconds over{0};
  };

  Verdict judge(const std::string& kind, Clock::time_point now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (kinds_.size() >= kMaxKinds && !kinds_.contains(kind)) kinds_.clear();
    Kind& known = kinds_[kind];
    Verdict verdict;
    if (now - known.second >= std::chrono::seconds(1)) {
      known.second = now;
      known.lines = 0;
    }
    if (++known.lines > kLinesPerSecond) {
      if (known.folded++ == 0) known.foldedSince = now;
      verdict.write = false;
    }
    if (known.folded > 0 && (verdict.write || now - known.foldedSince >= kSummaryEvery)) {
      verdict.folded = known.folded;
      verdict.over = std::chrono::ceil<std::chrono::seconds>(now - known.foldedSince);
      known.folded = 0;
    }
    return verdict;
  }

 private:
  static constexpr std::size_t kMaxKinds = 512;
  struct Kind {
    Clock::time_point second{};
    int lines = 0;
    unsigned folded = 0;
    Clock::time_point foldedSince{};
  };
  std::mutex mutex_;
  std::map<std::string, Kind, std::less<>> kinds_;
};

Folder& folder() {
  static Folder instance;
  return instance;
}

}  // namespace

std::string escaped(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= limit) {
      out += "...";
      break;
    }
    const std::size_t length = sequenceLength(text);
    const unsigned char first = static_cast<unsigned char>(text.front());
    if (length == 0 || (length == 1 && (first < 0x20 || first == 0x7f))) {
      out += "\\x";
      appendHex(out, first, 2);
      text.remove_prefix(1);
    } else if (first == '"' || first == '\\') {
      out += '\\';
      out += static_cast<char>(first);
      text.remove_prefix(1);
    } else if (length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {
      out += "\\u";  // the C1 control characters
      appendHex(out, static_cast<unsigned char>(text[1]), 4);
      text.remove_prefix(2);
    } else if (text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9")) {
      out += text[2] == '\xa8' ? "\\u2028" : "\\u2029";
      text.remove_prefix(3);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

std::string inQuotes(std::string_view text) {
  return '"' + escaped(text, 256) + '"';
}

void log_detail::put(std::ostream& out, std::chrono::nanoseconds duration) {
  using namespace std::chrono_literals;
  if (duration < 1s) {
    out << std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() << " ms";
  } else if (duration % 1s == 0ns) {
    out << std::chrono::duration_cast<std::chrono::seconds>(duration).count() << " s";
  } else {
    const auto flags = out.flags();
    const auto precision = out.precision();
    out << std::fixed << std::setprecision(1) << std::chrono::duration<double>(duration).count()
        << " s";
    out.flags(flags);
    out.precision(precision);
  }
}

bool Log::isOn(LogLevel level) noexcept {
  return level >= currentLevel.load(std::memory_order_relaxed) && level != LogLevel::None;
}

void Log::setLevel(LogLevel level) noexcept {
  currentLevel.store(level, std::memory_order_relaxed);
}

void Log::write(LogLevel level, std::string_view kind, const std::string& text) const {
  const Folder::Verdict verdict = level == LogLevel::Debug
                                      ? Folder::Verdict{}
                                      : folder().judge(name_ + std::string(kind), Clock::now());
  Poco::Logger& logger = Poco::Logger::get(name_);
  if (verdict.folded > 0) {
    logger.log(Poco::Message(name_,
                             escaped(kind) + "... repeated " + std::to_string(verdict.folded) +
                                 " times in " + std::to_string(verdict.over.count()) + " s",
                             priorityOf(level)));
  }
  if (verdict.write) logger.log(Poco::Message(name_, text, priorityOf(level)));
}

}  // namespace culvert

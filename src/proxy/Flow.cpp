#include "proxy/Flow.h"

#include "base/Log.h"

#include <Poco/NumberFormatter.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

namespace culvert::proxy {
namespace {

using Poco::NumberFormatter;
constexpr Log log{"access"};
std::atomic<AccessLog*> accessLog{nullptr};
std::atomic<std::size_t> flowsUnderWay{0};
std::atomic<ShowSources> showSources{ShowSources::Full};

/// Most lines are shorter.
constexpr std::size_t kUsualLine = 256;

/// A value of the line: bare when it is one plain word, else quoted and escaped.
void append(std::string& line, std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
  if (plain) {
    line += text;
  } else {
    line += inQuotes(text);
  }
}

/// In seconds, to the millisecond.
void append(std::string& line, Clock::duration time) {
  const auto milliseconds =
      std::max<std::int64_t>(0, std::chrono::round<std::chrono::milliseconds>(time).count());
  NumberFormatter::append(line, milliseconds / 1000);
  line += '.';
  NumberFormatter::append0(line, static_cast<int>(milliseconds % 1000), 3);
}

/// The visitor's address as far as the owner wants it written down (LOG-2): /24 and /48 when short.
std::string sourceText(const Endpoint& source) {
  switch (showSources.load(std::memory_order_relaxed)) {
    case ShowSources::Full:
      return toString(source);
    case ShowSources::None:
      return "-";
    case ShowSources::Short:
      break;
  }
  std::array<std::uint8_t, 16> bytes{};
  const Bytes all = source.ip.bytes();
  const std::size_t kept = source.ip.isV4() ? 3 : 6;
  std::copy(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), bytes.begin());
  return toString(Ip::fromBytes(Bytes(bytes).first(all.size()))) +
         (source.ip.isV4() ? "/24" : "/48");
}

}  // namespace

void setAccessLog(AccessLog* sink) noexcept {
  accessLog.store(sink);
}
void setShowSources(ShowSources show) noexcept {
  showSources.store(show);
}

FlowRecord::FlowRecord(const Session& session, std::string_view outbound, Clock::time_point now)
    : id_(session.id),
      begun_(now),
      counted_(!session.link && session.target.network == Network::Tcp) {
  if (counted_) ++flowsUnderWay;
  if (!accessLog.load() && !Log::isOn(LogLevel::Debug)) return;
  std::string line;
  line.reserve(kUsualLine);
  line += "from=";
  line += session.source ? sourceText(*session.source) : "-";
  line += " in=";
  append(line, session.inbound ? std::string_view(session.inbound->tag) : std::string_view());
  line += " to=";
  append(line, toString(session.target));
  line += " out=";
  append(line, outbound);
  if (!session.user.empty()) {
    line += " user=";
    append(line, session.user);
  }
  start_ = std::string(line);  // as long as it must be: it lives as long as the flow
}

FlowRecord::~FlowRecord() {
  if (!written_) fail(Errc::Stopped);
  if (counted_) --flowsUnderWay;
}

std::size_t FlowRecord::underWay() noexcept {
  return flowsUnderWay.load();
}

void FlowRecord::onRelayDone(const RelayResult& result) {
  write(result);
}

void FlowRecord::fail(std::error_code why) {
  write({0, 0, why});
}

void FlowRecord::write(const RelayResult& result) {
  if (std::exchange(written_, true) || start_.empty()) return;
  std::string line;
  line.reserve(kUsualLine);
  line += '[';
  NumberFormatter::append(line, id_);
  line += "] ";
  line += start_;
  line += " up=";
  NumberFormatter::append(line, result.up);
  line += " down=";
  NumberFormatter::append(line, result.down);
  line += " time=";
  append(line, Clock::now() - begun_);
  line += " end=";
  append(line, result.why ? result.why.message() : "ok");
  AccessLog* const sink = accessLog.load();
  if (sink) {
    sink->write(std::move(line));
  } else {
    log.debug(line);
  }
}

RelayOptions relayOptions(const Session& session) {
  RelayOptions options;
  if (!session.inbound) return options;
  const Timeouts& timeouts = session.inbound->timeouts;
  const bool datagrams = session.target.network == Network::Udp;
  options.idle = datagrams ? timeouts.udpIdleAnswered : timeouts.idle;
  options.idleUnanswered = datagrams ? timeouts.udpIdle : timeouts.idle;
  options.halfClosed = timeouts.halfClosed;
  options.owner = session.inbound->owner;
  return options;
}

}  // namespace culvert::proxy

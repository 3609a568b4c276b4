#include "proxy/Flow.h"

#include "base/Log.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <utility>

namespace culvert::proxy {
namespace {

constexpr Log log{"access"};
std::atomic<AccessLog*> accessLog{nullptr};
std::atomic<std::size_t> flowsUnderWay{0};
std::atomic<ShowSources> showSources{ShowSources::Full};

/// A value of the line: bare when it is one plain word, else quoted and escaped.
std::string value(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
  return plain ? std::string(text) : inQuotes(text);
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
  start_ = "from=" + (session.source ? sourceText(*session.source) : "-") +
           " in=" + value(session.inbound ? session.inbound->tag : "") +
           " to=" + value(toString(session.target)) + " out=" + value(outbound);
  if (!session.user.empty()) start_ += " user=" + value(session.user);
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
  const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "%.3f", seconds);
  const std::string line = '[' + std::to_string(id_) + "] " + start_ +
                           " up=" + std::to_string(result.up) +
                           " down=" + std::to_string(result.down) + " time=" + time.data() +
                           " end=" + (result.why ? value(result.why.message()) : "ok");
  AccessLog* const sink = accessLog.load();
  if (sink) {
    sink->write(line);
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

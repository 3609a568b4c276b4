// The record of one flow from its start to its access line.
//
// It travels with the session; whoever joins the streams gives it to the Relay, which fills in the
// bytes. Whatever happens, a record writes one line: at the latest when it is destroyed.
//
//   [417] from=203.0.113.7:51234 in=external to=tcp:127.0.0.1:80 out=portal user=nas1 up=512
//   down=10240
//         time=0.734 end=ok
#pragma once

#include "base/Clock.h"
#include "base/Pooled.h"
#include "net/Relay.h"
#include "proxy/Session.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace culvert::proxy {

/// Where access lines go.  Called from any loop's thread; must not block.
class AccessLog {
 public:
  virtual ~AccessLog() = default;
  /// `line` has no time stamp and no line end.
  virtual void write(std::string line) = 0;
};

/// Sets the process-wide access log, not owned; nullptr: lines go to Log{"access"} at debug.
void setAccessLog(AccessLog* sink) noexcept;

/// How much of a visitor's address lines show (LOG-2): Short is /24 and /48.
enum class ShowSources { Full, Short, None };
void setShowSources(ShowSources show) noexcept;

class FlowRecord final : public RelayObserver, public Pooled<FlowRecord> {
 public:
  /// `outbound` is the tag the flow was given to.
  FlowRecord(const Session& session, std::string_view outbound, Clock::time_point now);
  ~FlowRecord() override;

  void onRelayDone(const RelayResult& result) override;
  /// The flow ended before it was joined.
  void fail(std::error_code why);

  /// Flows of this process that have begun and not ended: what a stop waits for (F-TERM).  Links do
  /// not count, nor do datagrams, which have no end but silence.
  [[nodiscard]] static std::size_t underWay() noexcept;

 private:
  void write(const RelayResult& result);

  std::uint64_t id_;
  std::string start_;  ///< what is known at the start; empty: nobody wants the line
  Clock::time_point begun_;
  bool written_ = false;
  const bool counted_;
};
using FlowRecordPtr = std::unique_ptr<FlowRecord>;

/// Relay options for a session: its inbound's times by network, and its owner.
RelayOptions relayOptions(const Session& session);

}  // namespace culvert::proxy

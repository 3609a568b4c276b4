// Culvert's own error codes, for what the system's codes cannot say.  They end one flow and travel
// in std::error_code through Step, Result and Receiver::onClosed.
#pragma once

#include <system_error>

namespace culvert {

enum class Errc {
  Ok = 0,
  Truncated,        ///< the peer closed in the middle of a frame or header
  BadFrame,         ///< a length, type or order the protocol does not allow
  BadTag,           ///< a message authentication code does not verify
  BadAddress,       ///< an address type, name or port that cannot be a destination
  BadHeader,        ///< a header field outside what the protocol allows
  Unauthenticated,  ///< no configured user made this
  ClockSkew,        ///< authentic, but stamped outside the accepted window
  Replayed,         ///< authentic, but seen before
  Reset,            ///< the peer ended the flow abnormally
  Aborted,          ///< we ended the flow abnormally
  TimedOut,         ///< nothing came within the time allowed
  Idle,             ///< nothing moved for the idle time
  Overloaded,       ///< a limit of ours was reached
  PeerOverran,      ///< the peer sent more than it was allowed to
  LinkLost,         ///< the tunnel that carried the flow is gone
  NoLink,           ///< no tunnel came up within the waiting time
  NoRoute,          ///< no rule and no default outbound for the target
  Refused,          ///< a rule or a policy of ours forbids the target
  NameNotFound,     ///< the resolver knows no such name
  NameFailed,       ///< the resolver did not answer
  Unreachable,      ///< no address of the target could be connected to
  Stopped,          ///< the program is stopping or was reconfigured
  Unsupported,      ///< known, but not in this version
};

const std::error_category& culvertCategory() noexcept;

inline std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), culvertCategory()};
}

}  // namespace culvert

template <>
struct std::is_error_code_enum<culvert::Errc> : std::true_type {};

// How much a UDP listener may send back to a source that has not shown yet that its address is its
// own (PORT-7): 64 KiB a second, 256 KiB at once, until it has sent three datagrams over more than
// one round trip.  A source is an IPv4 address or the first 64 bits of an IPv6 one.
#pragma once

#include "base/Clock.h"

#include <cstddef>

namespace culvert {

class UdpSource {
 public:
  static constexpr std::size_t kRateBytes = 64 * 1024;
  static constexpr std::size_t kBurstBytes = 256 * 1024;

  /// Notes a datagram from it.  Two that came behind answers of ours make more than one round trip.
  void onReceived() noexcept;
  /// Whether `bytes` may be sent back now; notes them if so.
  [[nodiscard]] bool maySend(std::size_t bytes, Clock::time_point now) noexcept;
  [[nodiscard]] bool isTrusted() const noexcept { return datagrams_ >= 3 && rounds_ >= 2; }

 private:
  int datagrams_ = 0, rounds_ = 0;
  bool answered_ = false;  ///< something was sent back since its last datagram
  std::size_t allowance_ = kBurstBytes;
  Clock::time_point refilled_{};
};

}  // namespace culvert

#include "net/UdpSource.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace culvert {

void UdpSource::onReceived() noexcept {
  if (isTrusted()) return;
  ++datagrams_;
  if (std::exchange(answered_, false)) ++rounds_;
}

bool UdpSource::maySend(std::size_t bytes, Clock::time_point now) noexcept {
  if (isTrusted()) return true;
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - refilled_);
  if (refilled_ == Clock::time_point()) {
    refilled_ = now;
  } else if (passed.count() > 0) {
    const auto waited = static_cast<std::size_t>(std::min<std::int64_t>(passed.count(), 10'000));
    allowance_ = std::min(kBurstBytes, allowance_ + waited * kRateBytes / 1000);
    refilled_ = now;
  }
  if (bytes > allowance_) return false;
  allowance_ -= bytes;
  answered_ = true;
  return true;
}

}  // namespace culvert

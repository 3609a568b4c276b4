// Memory that is freed while a configuration comes or goes is overwritten, whoever frees it.
//
// Secrets have types of their own that wipe themselves (KEY-5), but on the way there a text passes
// through a parser's strings and containers, which do not (KEY-6).
#pragma once

namespace culvert::service {

/// While one lives, every thread's freed memory is overwritten; at the end so is what this thread's
/// calls have left on its stack.  Costs a pass over each freed block: for loading, not for serving.
class WipingHeap {
 public:
  WipingHeap() noexcept;
  WipingHeap(const WipingHeap&) = delete;
  WipingHeap& operator=(const WipingHeap&) = delete;
  ~WipingHeap();
};

}  // namespace culvert::service

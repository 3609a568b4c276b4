// What outlives a configuration: the dispatcher, the mux's shared state, the list of own listeners.
// One for the process, shared by the instances that follow each other.
#pragma once

#include "app/Environment.h"
#include "app/FlowDispatcher.h"
#include "app/OwnListeners.h"
#include "mux/Environment.h"

#include <cstddef>
#include <functional>
#include <string>

namespace culvert::app {

class Core {
 public:
  explicit Core(Environment environment);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  const Environment environment;
  OwnListeners own;
  mux::Environment mux;
  FlowDispatcher dispatcher;
  const std::string
      processId;  ///< 16 random bytes: by which a portal knows a bridge's predecessor from itself

  /// The loops in turn.
  Loop& nextLoop() noexcept;
  /// Runs `work` on each loop's thread, later.
  void postToAll(const std::function<void(Loop&)>& work);

 private:
  std::size_t next_ = 0;
};

/// Runs `work` on `loop`'s thread and waits for it; at once when no thread runs the loop, or it is
/// ours.  What `work` throws is thrown here.
void runOn(Loop& loop, const std::function<void()>& work);

}  // namespace culvert::app

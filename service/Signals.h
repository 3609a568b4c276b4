// The signals the program lives by: taken by one thread, in turn, never by a handler.
#pragma once

#include <chrono>
#include <optional>

namespace culvert::service {

enum class Signal { Stop, Reload };

/// SIGTERM, SIGINT and SIGQUIT (Stop) and SIGHUP (Reload), blocked from now on in this thread and
/// those it starts; SIGPIPE is ignored.  Made before the first thread.
class Signals {
 public:
  Signals();
  /// Waits for the next one, for ever or at most `limit`; nothing when that is over.
  std::optional<Signal> wait(std::optional<std::chrono::milliseconds> limit = std::nullopt);
};

}  // namespace culvert::service

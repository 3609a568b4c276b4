#include "service/Watchdog.h"

#include <cstdio>
#include <cstdlib>

namespace culvert::service {

// A watchdog that cannot be called off may as well bark: what is thrown here ends the program.
// NOLINTNEXTLINE(bugprone-exception-escape)
Watchdog::~Watchdog() {
  if (!thread_.isRunning()) return;
  over_.set();
  thread_.join();
}

void Watchdog::start(std::chrono::seconds limit) {
  limit_ = limit;
  thread_.setName("watchdog");
  thread_.start(*this);
}

void Watchdog::run() {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(limit_).count();
  if (over_.tryWait(static_cast<long>(milliseconds))) return;
  std::fputs("culvert: did not stop in time\n", stderr);
  std::abort();
}

}  // namespace culvert::service

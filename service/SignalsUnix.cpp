#include "service/Signals.h"

#include <cerrno>
#include <pthread.h>
#include <signal.h>
#include <time.h>

namespace culvert::service {
namespace {

sigset_t ourSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = ourSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // An ignored signal would never be taken: a shell starts background programs with SIGINT ignored.
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

std::optional<Signal> Signals::wait(std::optional<std::chrono::milliseconds> limit) {
  const sigset_t set = ourSignals();
  for (;;) {
    int signal = 0;
    if (limit) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*limit);
      const timespec time{static_cast<time_t>(seconds.count()),
                          static_cast<long>(std::chrono::nanoseconds(*limit - seconds).count())};
      signal = sigtimedwait(&set, nullptr, &time);
    } else {
      signal = sigwaitinfo(&set, nullptr);
    }
    if (signal > 0) return signal == SIGHUP ? Signal::Reload : Signal::Stop;
    if (errno == EAGAIN) return std::nullopt;
  }
}

}  // namespace culvert::service

#include "net/Bell.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <system_error>
#include <time.h>
#include <unistd.h>

namespace culvert::os {
namespace {

Descriptor checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::system_category(), what);
  return descriptor;
}

std::chrono::nanoseconds read(clockid_t clock) noexcept {
  timespec time{};
  (void)::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Descriptor openBell() {
  return checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
}

Descriptor openAlarm() {
  return checked(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd");
}

void ring(Descriptor bell) noexcept {
  const std::uint64_t one = 1;
  (void)!::write(bell, &one, sizeof one);
}

void setAlarm(Descriptor alarm, std::chrono::nanoseconds after) noexcept {
  const auto wait = std::max(after, std::chrono::nanoseconds(1));  // zero would switch it off
  itimerspec setting{};
  setting.it_value.tv_sec = static_cast<time_t>(wait.count() / 1'000'000'000);
  setting.it_value.tv_nsec = static_cast<long>(wait.count() % 1'000'000'000);
  (void)::timerfd_settime(alarm, 0, &setting, nullptr);
}

void silence(Descriptor bellOrAlarm) noexcept {
  std::uint64_t count = 0;
  (void)!::read(bellOrAlarm, &count, sizeof count);
}

std::chrono::nanoseconds suspendedTime() noexcept {
  return read(CLOCK_BOOTTIME) - read(CLOCK_MONOTONIC);
}

void trimHeap() noexcept {
#ifdef __GLIBC__
  (void)::malloc_trim(0);
#endif
}

}  // namespace culvert::os

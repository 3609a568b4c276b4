// What makes a reactor's thread get up: a bell that any thread may ring, and an alarm for a moment
// to come. Both are descriptors that become readable, so that they are served in turn with the
// sockets; the poll's own time-out is measured on the wall clock and grows when that is set back.
#pragma once

#include "net/SocketCalls.h"

#include <chrono>

namespace culvert::os {

/// Throw std::system_error when the system has no descriptor left.
Descriptor openBell();
Descriptor openAlarm();

/// Makes it readable until silenced.  Any thread.
void ring(Descriptor bell) noexcept;
/// Makes it readable `after` from now by the monotonic clock; setting it again moves it.
void setAlarm(Descriptor alarm, std::chrono::nanoseconds after) noexcept;
void silence(Descriptor bellOrAlarm) noexcept;

/// How long the machine has been suspended since it started.
std::chrono::nanoseconds suspendedTime() noexcept;

/// Gives freed memory back to the system.
void trimHeap() noexcept;

}  // namespace culvert::os

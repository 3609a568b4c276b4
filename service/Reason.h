// The system's own words for what went wrong.
#pragma once

#include <string>
#include <system_error>

namespace culvert::service {

/// What errno `number` means; from any thread, unlike strerror().
inline std::string systemReason(int number) {
  return std::generic_category().message(number);
}

}  // namespace culvert::service

// An IPv4 address and port, as in "127.0.0.1:7001".  The bench runs on loopback and on paths it
// makes itself.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>

namespace culvert::load {

class Address {
 public:
  /// Throws Usage (Arguments.h) if `text` is not an address and a port.
  static Address parse(std::string_view text);

  explicit Address(const sockaddr_in& raw) noexcept : raw_(raw) {}
  /// `ip` in host order.
  Address(std::uint32_t ip, std::uint16_t port) noexcept;

  const sockaddr_in& raw() const noexcept { return raw_; }
  bool isLoopback() const noexcept;  // 127.0.0.0/8
  std::string text() const;

 private:
  sockaddr_in raw_{};
};

}  // namespace culvert::load

// Endpoints as the socket calls of the system want them.
#pragma once

#include "base/Destination.h"

#include <Poco/Net/SocketAddress.h>

namespace culvert::os {

/// Room for either family.
struct RawAddress {
  sockaddr_storage storage{};
  poco_socklen_t size = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

/// `mapped`: IPv4 in its IPv6 form, as a socket of both families wants it.
enum class Form { Own, Mapped };
RawAddress toRaw(const Endpoint& endpoint, Form form = Form::Own) noexcept;
/// 0.0.0.0:0 for a family that is neither.  IPv4-mapped addresses become IPv4.
Endpoint fromRaw(const RawAddress& raw) noexcept;
/// Which form `socket` wants.
Form formOf(poco_socket_t socket) noexcept;

}  // namespace culvert::os

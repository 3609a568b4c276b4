// The files `culvert init` writes.
#pragma once

#include <string>
#include <string_view>

namespace culvert::config {

enum class Side { Bridge, Portal };

/// A commented configuration of one side; `id` is shared with the other side, `server` is host:port
/// of the VPS as the NAS reaches it.
std::string initText(Side side, std::string_view id, std::string_view server);

/// What initText() takes when nobody says where the VPS is.
constexpr std::string_view kExampleServer = "vps.example.com:16823";

}  // namespace culvert::config

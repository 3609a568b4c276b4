// The system's name servers, asked without waiting: c-ares on Unix (ResolverUnix.cpp).
#pragma once

#include "base/Destination.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace culvert {

class Reactor;

struct ResolverOptions {
  std::string hostsFile = "/etc/hosts";
  std::string resolverFile = "/etc/resolv.conf";
  std::uint16_t serverPort = 53;       ///< of the servers in that file
  std::vector<Endpoint> servers = {};  ///< instead of those in the file
};

class NameServer {
 public:
  struct Answer {
    enum class Kind {
      Found,    ///< addresses, at least one
      Nothing,  ///< the name, or an address of that family, does not exist
      Failed,   ///< no usable answer came
    } kind;
    std::vector<Ip> addresses = {};
    std::chrono::seconds ttl{0};
  };
  using Asked = std::function<void(const Answer&)>;

  virtual ~NameServer() = default;
  /// Calls `asked` once, perhaps from inside this call; not after this object is gone.
  virtual void ask(const std::string& name, bool v6, Asked asked) = 0;
};

std::unique_ptr<NameServer> makeNameServer(Reactor& reactor, const ResolverOptions& options);

}  // namespace culvert

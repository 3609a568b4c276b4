// Looks names up on one reactor: hosts file, cache, name servers; IPv6 and IPv4 asked for at the
// same time.
//
// A look-up ends within 5 s (F-DNSHANG).  When the name servers say nothing for 1 s, or fail, and
// the name has resolved before, the last good addresses are the answer; what comes later goes into
// the cache.  One family's addresses wait for the other's 50 ms (RFC 8305, section 3).  Requests
// for one name share one question.
#pragma once

#include "base/Destination.h"
#include "net/HostsFile.h"
#include "net/IntrusiveList.h"
#include "net/NameCache.h"
#include "net/NameServer.h"
#include "net/Sockets.h"

#include <memory>
#include <string>
#include <unordered_map>

namespace culvert {

class Reactor;

/// Whether `name` may be asked for.  False for what only looks like a name (REACH-5): a number or a
/// name that ends in one ("2130706433", "0x7f.1", "127.1", "127.0.0.1."), empty labels, labels over
/// 63 and names over 253 bytes, and bytes other than letters, digits, '-', '_' and '.'.
bool isResolvableName(const std::string& name) noexcept;

/// The addresses to try, in order: families in turn, the first as `families` says, IPv6 by default.
std::vector<Ip> interleaved(const std::vector<Ip>& v6, const std::vector<Ip>& v4,
                            Families families);

class Resolver {
 public:
  Resolver(Reactor& reactor, NameCache& cache, const ResolverOptions& options);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  [[nodiscard]] HandlePtr resolve(const std::string& name, Families families, Resolved done);

 private:
  class Request;
  class Query;

  std::shared_ptr<Query> query(const std::string& name);

  Reactor& reactor_;
  NameCache& cache_;
  HostsFile hosts_;
  std::unordered_map<std::string, std::shared_ptr<Query>> running_;
  std::unique_ptr<NameServer> server_;
};

}  // namespace culvert

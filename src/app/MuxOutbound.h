// V2Ray's mux: flows to one server share connections, at most so many at a time on each, 128 in
// all.
//
// Every loop has its own connections.  A bridge's link is never put into one: it is a mux already.
#pragma once

#include "mux/Environment.h"
#include "proxy/Outbound.h"

#include <cstddef>
#include <memory>

namespace culvert::app {

class MuxOutbound final : public proxy::Outbound {
 public:
  static constexpr std::size_t kMostEver =
      128;  ///< sessions in the life of a connection, as V2Ray has it

  /// `inner` makes the connections: it is asked for the mux pseudo-host.  `environment` outlives
  /// every loop.
  MuxOutbound(std::shared_ptr<proxy::Outbound> inner, std::size_t concurrency,
              mux::Environment& environment);
  ~MuxOutbound() override;

  void open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr record,
            Loop& here) override;
  [[nodiscard]] std::vector<std::string> reach() const override;

 private:
  class Carrier;
  struct Pool;
  const std::shared_ptr<Pool> pool_;
};

}  // namespace culvert::app

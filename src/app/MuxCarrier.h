// A client's connection that carries many flows: a mux server on it, and a session for each flow it
// opens.
#pragma once

#include "mux/MuxServer.h"
#include "net/Loop.h"
#include "proxy/Inbound.h"
#include "proxy/Session.h"

namespace culvert::app {

class MuxCarrier final : public Root, private mux::ServerHandler {
 public:
  /// Takes the stream over on `loop`'s thread.  What its sessions want goes to `dispatcher` under
  /// the names of `session`; `dispatcher` and `environment` outlive the loop.
  static void start(proxy::Dispatcher& dispatcher, const void* owner, proxy::Session session,
                    StreamPtr stream, mux::Environment& environment, Loop& loop);

  void stop(std::error_code why) override;
  [[nodiscard]] const void* owner() const noexcept override { return owner_; }

 private:
  MuxCarrier(proxy::Dispatcher& dispatcher, const void* owner, proxy::Session session,
             StreamPtr stream, mux::Environment& environment, Loop& loop);

  void onSession(const Destination& target, StreamPtr stream, Bytes metadata) override;
  void onLinkClosed(std::error_code why) override;

  proxy::Dispatcher& dispatcher_;
  const void* const owner_;
  const proxy::Session session_;
  Loop& loop_;
  mux::MuxServer server_;
};

}  // namespace culvert::app

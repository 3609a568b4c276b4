#include "app/MuxCarrier.h"

#include <chrono>
#include <utility>

namespace culvert::app {
namespace {

/// A V2Ray client gives an empty carrier up after 16 to 32 s; the server waits a little longer than
/// that.
mux::LinkOptions carrierOptions() {
  mux::LinkOptions options;
  options.probes = mux::Probes::Off;
  options.idleClose = std::chrono::seconds(60);
  return options;
}

}  // namespace

void MuxCarrier::start(proxy::Dispatcher& dispatcher, const void* owner, proxy::Session session,
                       StreamPtr stream, mux::Environment& environment, Loop& loop) {
  loop.adopt(std::unique_ptr<MuxCarrier>(new MuxCarrier(dispatcher, owner, std::move(session),
                                                        std::move(stream), environment, loop)))
      .server_.start();
}

MuxCarrier::MuxCarrier(proxy::Dispatcher& dispatcher, const void* owner, proxy::Session session,
                       StreamPtr stream, mux::Environment& environment, Loop& loop)
    : dispatcher_(dispatcher),
      owner_(owner),
      session_(std::move(session)),
      loop_(loop),
      server_(loop, std::move(stream), *this, environment, carrierOptions()) {}

void MuxCarrier::onSession(const Destination& target, StreamPtr stream, Bytes) {
  proxy::Session session = session_;
  session.id = proxy::nextSessionId();
  session.target = target;
  dispatcher_.dispatch(std::move(session), std::move(stream), loop_);
}

void MuxCarrier::onLinkClosed(std::error_code) {
  loop_.retire(*this);
}

void MuxCarrier::stop(std::error_code why) {
  server_.close(why);
}

}  // namespace culvert::app

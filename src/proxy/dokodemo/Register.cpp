// dokodemo-door (also "tunnel"): whatever comes gets one fixed target, without a greeting.
// Source: V2Ray's dokodemo page; v2ray-core proxy/dokodemo.
#include "base/Log.h"
#include "proxy/Registry.h"
#include "proxy/dokodemo/Settings.h"

#include <utility>

namespace culvert::dokodemo {
namespace {

class DokodemoInbound final : public proxy::InboundHandler {
 public:
  DokodemoInbound(Settings settings, std::shared_ptr<const proxy::InboundInfo> info,
                  proxy::Dispatcher& dispatcher)
      : settings_(std::move(settings)), info_(std::move(info)), dispatcher_(dispatcher) {
    if (settings_.timeout.count() > 0 || settings_.udpIdle.count() > 0) {
      auto own = std::make_shared<proxy::InboundInfo>(*info_);
      if (settings_.timeout.count() > 0) own->timeouts.idle = settings_.timeout;
      if (settings_.udpIdle.count() > 0)
        own->timeouts.udpIdle = own->timeouts.udpIdleAnswered = settings_.udpIdle;
      info_ = std::move(own);
    }
  }

  void accept(StreamPtr stream, const Endpoint& source, const Endpoint& local,
              Loop& loop) override {
    dispatch(Network::Tcp, std::move(stream), source, local, loop);
  }
  void acceptDatagrams(StreamPtr stream, const Endpoint& source, const Endpoint& local,
                       Loop& loop) override {
    dispatch(Network::Udp, std::move(stream), source, local, loop);
  }
  [[nodiscard]] Needs needs() const override {
    Needs needs;
    needs.tcp = settings_.network.tcp;
    needs.udp = settings_.network.udp;
    needs.udpIdle = info_->timeouts.udpIdle;
    needs.udpIdleAnswered = info_->timeouts.udpIdleAnswered;
    return needs;
  }

 private:
  void dispatch(Network network, StreamPtr stream, const Endpoint& source, const Endpoint& local,
                Loop& loop) {
    proxy::Session session;
    session.id = proxy::nextSessionId();
    session.inbound = info_;
    session.source = source;
    session.local = local;
    session.target = {network, *settings_.address, settings_.port};
    dispatcher_.dispatch(std::move(session), std::move(stream), loop);
  }

  const Settings settings_;
  std::shared_ptr<const proxy::InboundInfo> info_;
  proxy::Dispatcher& dispatcher_;
};

proxy::InboundHandlerPtr make(const config::Node& node, proxy::Context& context) {
  Settings settings;
  settings.network = {true, false};
  if (!config::read(node, settings, context.problems)) return nullptr;
  const auto missing = [&](const char* key) {
    context.problems.error(
        node.place(), node.path() + "." + key, "missing-key",
        "expected the target's " + std::string(key) + ": a flow would have nowhere to go");
  };
  if (!settings.address) missing("address");
  if (settings.port == 0) missing("port");
  if (!settings.address || settings.port == 0) return nullptr;
  return std::make_unique<DokodemoInbound>(std::move(settings), context.inbound,
                                           context.dispatcher);
}

}  // namespace

void add(proxy::Registry& registry) {
  registry.inbound("dokodemo-door", make);
  registry.inbound("tunnel", make);
}

}  // namespace culvert::dokodemo

// blackhole (also "block"): ends every flow.  Source: V2Ray's blackhole page; v2ray-core
// proxy/blackhole.
#include "proxy/Registry.h"
#include "proxy/blackhole/HttpAnswer.h"
#include "proxy/blackhole/Settings.h"

#include <utility>

namespace culvert::blackhole {

namespace {

class BlackholeOutbound final : public proxy::Outbound {
 public:
  explicit BlackholeOutbound(Type type) : type_(type) {}

  void open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr record,
            Loop& here) override {
    if (type_ == Type::Http && session.target.network == Network::Tcp) {
      return answerHttp(here, std::move(visitor), std::move(record),
                        session.inbound ? session.inbound->owner : nullptr);
    }
    proxy::refuse(std::move(visitor), std::move(record), Errc::Refused);
  }

 private:
  const Type type_;
};

std::unique_ptr<proxy::Outbound> make(const config::Node& node, proxy::Context& context) {
  Settings settings;
  if (!config::read(node, settings, context.problems)) return nullptr;
  return std::make_unique<BlackholeOutbound>(settings.response ? settings.response->type
                                                               : Type::None);
}

}  // namespace

void add(proxy::Registry& registry) {
  registry.outbound("blackhole", make);
  registry.outbound("block", make);
}

}  // namespace culvert::blackhole

// freedom (also "direct"): dials the target itself.  Source: V2Ray's freedom page; v2ray-core
// proxy/freedom.
#include "proxy/Registry.h"
#include "proxy/freedom/Dial.h"

#include <utility>

namespace culvert::freedom {
namespace {

class FreedomOutbound final : public proxy::Outbound {
 public:
  explicit FreedomOutbound(std::shared_ptr<Policy> policy) : policy_(std::move(policy)) {}

  void open(proxy::Session session, StreamPtr visitor, proxy::FlowRecordPtr record,
            Loop& here) override {
    Dial::start(policy_, std::move(session), std::move(visitor), std::move(record), here);
  }

  [[nodiscard]] std::vector<std::string> reach() const override {
    const auto& redirect = policy_->options.redirect;
    if (policy_->reach.isListed() || !redirect || !redirect->host) return policy_->reach.describe();
    return {toString(*redirect->host) +
            (redirect->port != 0 ? ":" + std::to_string(redirect->port) : ", any port")};
  }

 private:
  const std::shared_ptr<Policy> policy_;
};

std::unique_ptr<proxy::Outbound> make(const config::Node& settings, proxy::Context& context) {
  std::optional<Options> options = readOptions(settings, context.problems);
  if (!options) return nullptr;
  Reach::Rules rules{options->reach, std::nullopt, context.isOwnListener};
  if (options->redirect && options->redirect->host) {
    if (const Ip* ip = std::get_if<Ip>(&*options->redirect->host)) {
      rules.fixed = Endpoint{*ip, options->redirect->port};
    }
  }
  return std::make_unique<FreedomOutbound>(std::shared_ptr<Policy>(
      new Policy{std::move(*options), Reach(std::move(rules)), Refusals(context.tag),
                 context.sockets, context.sendThrough}));
}

}  // namespace

void add(proxy::Registry& registry) {
  registry.outbound("freedom", make);
  registry.outbound("direct", make);
}

}  // namespace culvert::freedom

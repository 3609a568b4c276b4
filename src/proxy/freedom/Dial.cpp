#include "proxy/freedom/Dial.h"

#include "base/Errc.h"
#include "proxy/Outbound.h"

#include <utility>

namespace culvert::freedom {

void Dial::start(std::shared_ptr<Policy> policy, proxy::Session session, StreamPtr visitor,
                 proxy::FlowRecordPtr record, Loop& loop) {
  loop.adopt(std::unique_ptr<Dial>(new Dial(std::move(policy), std::move(session),
                                            std::move(visitor), std::move(record), loop)))
      .begin();
}

Dial::Dial(std::shared_ptr<Policy> policy, proxy::Session session, StreamPtr visitor,
           proxy::FlowRecordPtr record, Loop& loop)
    : policy_(std::move(policy)),
      session_(std::move(session)),
      target_(policy_->options.redirect ? policy_->options.redirect->apply(session_.target)
                                        : session_.target),
      visitor_(std::move(visitor)),
      record_(std::move(record)),
      loop_(loop) {}

const void* Dial::owner() const noexcept {
  return session_.inbound ? session_.inbound->owner : nullptr;
}

void Dial::begin() {
  visitor_->attach(*this);
  const Refusal refusal = policy_->reach.judge(target_);
  if (refusal != Refusal::None) {
    policy_->refusals.note(session_, target_, refusal, policy_->reach.isListed(), loop_.now().mono);
    return fail(Errc::Refused);
  }
  DialOptions options;
  options.families = policy_->options.families;
  options.from = policy_->from;
  options.judge = [this](const Endpoint& address) { return judge(address); };
  dialling_ = policy_->sockets.dial(loop_, target_, std::move(options), *this);
}

std::error_code Dial::judge(const Endpoint& address) {
  const Refusal refusal = policy_->reach.judgeAddress(target_, address, session_.publicOnly);
  if (refusal == Refusal::None) return {};
  policy_->refusals.note(session_, {target_.network, address.ip, address.port}, refusal,
                         policy_->reach.isListed(), loop_.now().mono);
  return Errc::Refused;
}

void Dial::fail(std::error_code why) {
  if (std::exchange(done_, true)) return;
  dialling_.reset();
  proxy::refuse(std::move(visitor_), std::move(record_), why);
  loop_.retire(*this);
}

void Dial::onClosed(std::error_code why) {
  if (std::exchange(done_, true)) return;
  dialling_.reset();
  if (record_) record_->fail(why ? why : make_error_code(Errc::Reset));
  loop_.retire(
      *this);  // the visitor's stream goes with us: it may not be destroyed inside this call
}

void Dial::onDialed(StreamPtr target, const Endpoint&) {
  if (std::exchange(done_, true)) return;
  if (session_.link) {
    visitor_->beLink();
    target->beLink();
  }
  RelayOptions options = proxy::relayOptions(session_);
  if (policy_->options.timeout.count() > 0)
    options.idle = options.idleUnanswered = policy_->options.timeout;
  joinRelay(loop_, std::move(visitor_), std::move(target), options, std::move(record_));
  loop_.retire(*this);
}

void Dial::onDialFailed(std::error_code why) {
  fail(why);
}

}  // namespace culvert::freedom

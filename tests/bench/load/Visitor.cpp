#include "bench/load/Visitor.h"

#include <system_error>
#include <utility>

namespace culvert::load {
namespace {

MutableBytes scratch() {
  static std::vector<std::byte> bytes(kReadBytes);
  return bytes;
}

}  // namespace

Visitor::Visitor(Poller& poller, Dialer& dialer, Host& host, std::unique_ptr<Dialogue> dialogue,
                 Connections connections) noexcept
    : poller_(poller),
      dialer_(dialer),
      host_(host),
      dialogue_(std::move(dialogue)),
      connections_(connections) {}

void Visitor::begin(TimePoint now) {
  begun_ = now;
  unsaid_ = dialogue_->ask();
  if (call_.socket) {
    state_ = State::Talking;
    speak();
    return;
  }
  ready_ = {};
  state_ = State::Connecting;
  call_ = dialer_.dial();
  poller_.add(call_.socket.get(), *this);  // also tells of a call that has failed already
}

bool Visitor::expire(TimePoint before) {
  if (state_ == State::Resting || begun_ >= before) return false;
  reset();
  return true;
}

void Visitor::note(unsigned, std::uint32_t events) {
  ready_.note(events);
}

Progress Visitor::work() {
  if (!call_.socket) return Progress::Waiting;
  if (state_ == State::Connecting && !isConnected()) return Progress::Waiting;
  if (state_ == State::Talking) speak();
  listen();
  return Progress::Waiting;
}

bool Visitor::isConnected() {
  if (!call_.error && ready_.hungUp) call_.error = takeError(call_.socket.get());
  if (call_.error) {
    fail(complaint("connect to", dialer_.to(), call_.error));
    return false;
  }
  if (!ready_.writable) return false;
  state_ = State::Talking;
  return true;
}

void Visitor::speak() {
  if (unsaid_.empty() || !ready_.writable) return;
  const auto transfer = transmit(call_.socket.get(), unsaid_);
  ready_.transmitted(transfer, unsaid_.size());
  unsaid_ = unsaid_.subspan(transfer.bytes);  // what broke the connection is found by listen()
  if (transfer.isOver()) ready_.readable = ready_.hungUp = true;
}

void Visitor::listen() {
  while (call_.socket && ready_.readable) {
    const auto transfer = receive(call_.socket.get(), scratch());
    ready_.received(transfer, scratch().size());
    if (transfer.outcome == Transfer::Outcome::Blocked) return;
    if (transfer.isOver()) {
      if (state_ == State::Closing && transfer.outcome == Transfer::Outcome::Ended) return rest();
      const bool wasTalking = state_ == State::Talking;
      return fail((wasTalking ? "in an exchange: " : "after the answer: ") + transfer.reason());
    }
    if (state_ != State::Talking) return fail("more came than was asked for");
    switch (dialogue_->hear(scratch().first(transfer.bytes))) {
      case Heard::Part:
        break;
      case Heard::Wrong:
        return fail("the answer is wrong");
      case Heard::All:
        heardAll();
    }
  }
}

void Visitor::heardAll() {
  const auto taken = Clock::now() - begun_;
  host_.answered(taken);
  if (connections_ == Connections::EachTime) {
    state_ = State::Closing;
    finish(call_.socket.get());
    return;
  }
  state_ = State::Resting;
  ++finished_;
  host_.finished(*this, taken);
}

void Visitor::reset() noexcept {
  call_.socket.close();
  call_.error = 0;
  ready_ = {};
  state_ = State::Resting;
}

void Visitor::fail(std::string why) {
  reset();
  host_.failed(*this, std::move(why));
}

void Visitor::rest() {
  reset();
  ++finished_;
  host_.finished(*this, Clock::now() - begun_);
}

}  // namespace culvert::load

#include "bench/load/Stream.h"

#include "bench/load/Arguments.h"
#include "bench/load/Pattern.h"

#include <algorithm>
#include <utility>

namespace culvert::load {

Direction directionFrom(Arguments& arguments, std::optional<Direction> otherwise) {
  const auto word =
      otherwise ? arguments.optionalText("--direction") : arguments.text("--direction");
  if (!word) return *otherwise;
  if (*word == "up") return Direction::Up;
  if (*word == "down") return Direction::Down;
  throw Usage("--direction: expected up or down, got \"" + *word + "\"");
}

Stream::Stream(Poller& poller, Dialer& dialer, Direction direction, std::uint64_t bytes)
    : direction_(direction),
      limit_(bytes),
      begun_(Clock::now()),
      call_(dialer.dial()),
      to_(dialer.to()) {
  poller.add(call_.socket.get(), *this);
}

std::uint64_t Stream::bytes() const noexcept {
  if (direction_ == Direction::Down || !call_.socket) return moved_;
  return moved_ - std::min(moved_, unacknowledgedBytes(call_.socket.get()));
}

void Stream::note(unsigned, std::uint32_t events) {
  ready_.note(events);
}

Progress Stream::work() {
  if (!call_.socket) return Progress::Waiting;
  if (!isConnected_) {
    if (!call_.error && ready_.hungUp) call_.error = takeError(call_.socket.get());
    if (call_.error) return end(complaint("connect to", to_, call_.error));
    if (!ready_.writable) return Progress::Waiting;
    isConnected_ = true;
  }
  if (direction_ == Direction::Down) return take();
  return moved_ < limit_ ? send() : takeReceipt();
}

Progress Stream::send() {
  if (ready_.hungUp) return end("ended by the peer after " + std::to_string(moved_) + " bytes");
  if (!ready_.writable) return Progress::Waiting;
  const auto part = pattern(limit_ - moved_);
  const auto transfer = transmit(call_.socket.get(), part);
  ready_.transmitted(transfer, part.size());
  if (transfer.isOver())
    return end(transfer.reason() + " after " + std::to_string(moved_) + " bytes");
  moved_ += transfer.bytes;
  if (moved_ == limit_) finish(call_.socket.get());
  return ready_.writable && moved_ < limit_ ? Progress::More : Progress::Waiting;
}

Progress Stream::take() {
  if (!ready_.readable) return Progress::Waiting;
  const auto most =
      static_cast<std::size_t>(std::min<std::uint64_t>(limit_ - moved_, kDiscardBytes));
  const auto transfer = discard(call_.socket.get(), most);
  ready_.received(transfer, most);
  if (transfer.isOver())
    return end(transfer.reason() + " after " + std::to_string(moved_) + " bytes");
  if (moved_ == 0 && transfer.bytes > 0) firstByte_ = Clock::now();
  moved_ += transfer.bytes;
  if (moved_ == limit_) return end({});
  return ready_.readable ? Progress::More : Progress::Waiting;
}

Progress Stream::takeReceipt() {
  while (ready_.readable) {
    const auto left = MutableBytes(receipt_).subspan(receiptBytes_);
    const auto transfer = receive(call_.socket.get(), left);
    ready_.received(transfer, left.size());
    if (transfer.isOver()) return end("no receipt for the upload: " + transfer.reason());
    if (receiptBytes_ == 0 && transfer.bytes > 0) firstByte_ = Clock::now();
    receiptBytes_ += transfer.bytes;
    if (receiptBytes_ < receipt_.size()) continue;
    return end(
        receipt_ == bigEndian(limit_) ? "" : "the sink got another number of bytes than were sent");
  }
  return Progress::Waiting;
}

Progress Stream::end(std::string failure) {
  isDone_ = true;
  done_ = Clock::now();
  failure_ = std::move(failure);
  call_.socket.close();
  return Progress::Waiting;
}

}  // namespace culvert::load

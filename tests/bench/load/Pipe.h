// One direction of a relay: bytes read from one socket and written to another, which may be the
// same.
//
// Buffers of 256 KiB are borrowed for as long as they hold something and go back to the top of a
// stack, so that a relay whose writes succeed works in one warm buffer however many connections it
// has.
#pragma once

#include "bench/load/Poller.h"
#include "bench/load/Socket.h"

#include <memory>
#include <vector>

namespace culvert::load {

class BufferPool {
 public:
  using Buffer = std::unique_ptr<std::byte[]>;  // kReadBytes

  Buffer take() {
    if (free_.empty()) return Buffer(new std::byte[kReadBytes]);  // not zeroed
    auto buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void giveBack(Buffer buffer) { free_.push_back(std::move(buffer)); }

 private:
  std::vector<Buffer> free_;
};

class Pipe {
 public:
  struct End {
    int socket;
    Readiness& ready;
  };

  explicit Pipe(BufferPool& pool) noexcept : pool_(pool) {}

  /// Moves one buffer at most.  More: it could go on at once.  At the end of the stream it shuts
  /// `to` down.
  Progress move(End from, End to) {
    if (!buffer_ && !fill(from, to)) return Progress::Waiting;
    const auto left = size_ - sent_;
    if (!to.ready.writable) return Progress::Waiting;
    const auto transfer = transmit(to.socket, Bytes(buffer_.get() + sent_, left));
    to.ready.transmitted(transfer, left);
    if (transfer.isOver()) isBroken_ = true;
    sent_ += transfer.bytes;
    if (sent_ < size_) return Progress::Waiting;
    pool_.giveBack(std::move(buffer_));
    return from.ready.readable ? Progress::More : Progress::Waiting;
  }

  bool hasEnded() const noexcept { return hasEnded_; }  // and all is delivered
  bool isBroken() const noexcept { return isBroken_; }

 private:
  bool fill(End from, End to) {
    if (!from.ready.readable || hasEnded_) return false;
    auto buffer = pool_.take();
    const auto transfer = receive(from.socket, MutableBytes(buffer.get(), kReadBytes));
    from.ready.received(transfer, kReadBytes);
    if (transfer.outcome == Transfer::Outcome::Moved) {
      buffer_ = std::move(buffer);
      size_ = transfer.bytes;
      sent_ = 0;
      return true;
    }
    pool_.giveBack(std::move(buffer));
    if (transfer.outcome == Transfer::Outcome::Ended) {
      hasEnded_ = true;
      finish(to.socket);
    }
    if (transfer.outcome == Transfer::Outcome::Broken) isBroken_ = true;
    return false;
  }

  BufferPool& pool_;
  BufferPool::Buffer buffer_;
  std::size_t size_ = 0;
  std::size_t sent_ = 0;
  bool hasEnded_ = false;
  bool isBroken_ = false;
};

}  // namespace culvert::load

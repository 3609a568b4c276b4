// A Stream is a two-way flow of bytes, or of datagrams, that lives on one loop's thread; a Receiver
// is the upper end that hears what it receives.
//
// The rules of the pipeline:
//  1. One thread: a stream, all above it and all it is joined to are touched by their loop's thread
//  only.
//  2. send() takes everything; sending nothing is nothing.  On a packet stream one call is one
//  datagram,
//     one empty piece is an empty datagram, no piece is nothing.
//  3. No surprise calls: a stream never calls its receiver from inside a call the receiver makes on
//  it.
//     A failed send() is reported later, through the loop.
//  4. The reader owns the stream; the loop owns the roots.  Destroying a stream that has not ended
//  both ways
//     is a reset, never a clean end (F-CUT).
//  5. onClosed() comes once and last.
//  6. Received bytes are borrowed: the receiver may decode in place and must copy what it needs
//  later.
#pragma once

#include "base/Bytes.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

namespace culvert {

class Loop;

/// What a sender may do next.  Nothing is ever refused: Full asks for silence until onRoom().
enum class Flow { Open, Full };

/// What a codec has done on a link; a link retires before its counters repeat (CRY-2).
struct WireMeter {
  std::uint64_t sealed = 0, opened = 0;  ///< frames
};

/// The upper end of a Stream.
class Receiver {
 public:
  /// Bytes, or one datagram.  Ours to decode in place until we return.
  virtual void onData(MutableBytes data) = 0;
  /// The peer will send no more.
  virtual void onEnd() = 0;
  /// A stream that answered Full has drained.
  virtual void onRoom() = 0;
  /// Over in both directions: no error after both ends were clean, else the reason.  The receiver
  /// may destroy the stream later (not from inside this call) or retire its owner.
  virtual void onClosed(std::error_code why) = 0;

 protected:
  ~Receiver() = default;
};

/// Owned by whoever reads it, bound to one loop, born paused.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  virtual Flow send(Pieces pieces) = 0;
  Flow send(Bytes one) { return send(Pieces(&one, 1)); }
  /// Half-close, behind what was sent.  Reading goes on.
  virtual void end() = 0;
  /// Reset, behind what was sent, but at most one second later: what the other end still reads in
  /// that time is not lost.  onClosed(Errc::Aborted) follows; nothing else does.
  virtual void abort() = 0;
  virtual void pause() = 0;
  /// What was queued comes later, from the loop, never from inside this call.
  virtual void resume() = 0;
  /// Binds the stream to another loop; only while paused and before anything was sent.  False:
  /// pinned. Called on the old loop's thread; afterwards only `home`'s thread may touch the stream.
  virtual bool moveTo(Loop& home) = 0;
  /// From now on this carries a tunnel: its reads, buffers, flushes and liveness checks are those
  /// of a link.  Layers pass it down.
  virtual void beLink() = 0;
  /// Whoever is at the other end has proved who it is: from now on a sudden end of ours is a reset,
  /// and it no longer counts as a stranger.  Layers pass it down.
  virtual void becomeKnown() {}
  /// How many frames the nearest codec below has sealed and opened; zeros where there is none.
  [[nodiscard]] virtual WireMeter meter() const noexcept { return {}; }
  /// Whether the connection below has failed although nobody has read that yet: a paused stream
  /// hears nothing.  Two clean ends are no failure.  Layers pass the question down.
  [[nodiscard]] virtual bool isBroken() const noexcept { return false; }
  /// Bytes taken by send() that have not left this process yet, layers below included.
  [[nodiscard]] virtual std::size_t queued() const noexcept = 0;

  /// Sets who hears this stream; before resume().
  void attach(Receiver& upper) noexcept { upper_ = &upper; }

 protected:
  [[nodiscard]] Receiver& upper() const noexcept { return *upper_; }
  [[nodiscard]] bool isAttached() const noexcept { return upper_ != nullptr; }

 private:
  Receiver* upper_ = nullptr;
};
using StreamPtr = std::unique_ptr<Stream>;

}  // namespace culvert

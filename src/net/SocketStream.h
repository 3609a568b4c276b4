// A TCP connection as a Stream.
//
// Sizes: what the kernel refuses is queued in pool blocks; above 256 KiB queued send() answers
// Full (a link: above 64 KiB), onRoom() comes when nothing is left.  One read of 64 KiB per
// turn; 256 KiB while reads fill the buffer and nobody pauses; a link two of 128 KiB.
//
// One that was paused when a read had filled the buffer, and is soon resumed, reads at the end of
// that turn and enters the poll set only if it is still not paused then: who takes turns with
// others is read when its turn comes, for one system call instead of four.
//
// Ends: SO_LINGER {1,0} is set from the start, so that whatever kills the stream or the process is
// a reset at the other end (F-CUT); it is cleared only when both directions ended properly, right
// before close().  A stranger's connection ends with FIN instead, until becomeKnown() (AUTH-3).
//
// Bytes that came before a reset are delivered before it is reported, also when sending noticed it
// first. While paused with nothing to send the connection is not watched at all; its end is noticed
// on resume() or when a send fails.
#pragma once

#include "base/Pooled.h"
#include "net/BlockQueue.h"
#include "net/Connections.h"
#include "net/Loop.h"
#include "net/Stream.h"
#include "net/Watch.h"

#include <cstddef>
#include <system_error>

namespace culvert {

class Reactor;

class SocketStream final : public Stream, public Pooled<SocketStream>, private Watcher {
 public:
  enum class Role { Known, Stranger };

  /// Takes over a connected, non-blocking `socket`, accepted from one that was setUp().
  SocketStream(Reactor& reactor, os::Descriptor socket, Connections::Slot slot, Role role);
  /// The same for one that was set up, dialled and waits to be readable: it stays in the poll set,
  /// because whoever gets it will resume it at once.
  SocketStream(Reactor& reactor, Watch& dialled, Connections::Slot slot);
  /// What a dialled socket begins with, or, set on one that listens, those accepted from it.
  static void setUp(os::Descriptor socket, Role role) noexcept;
  ~SocketStream() override;

  using Stream::send;
  Flow send(Pieces pieces) override;
  void end() override;
  void abort() override;
  void pause() override;
  void resume() override;
  bool moveTo(Loop& home) override;
  void beLink() override;
  void becomeKnown() override;
  bool isBroken() const noexcept override { return os::hasFailed(watch_.descriptor()); }
  [[nodiscard]] std::size_t queued() const noexcept override { return out_.size(); }

 private:
  enum class State { Open, Aborting, Closed };
  static constexpr std::size_t kReadBytes = 64 * 1024;
  static constexpr int kUnsentMark = 128 * 1024;

  void onReadable() override;
  void onWritable() override;
  void onWatchFailed(std::error_code why) noexcept override;
  void later();
  void onDeadline();

  [[nodiscard]] bool wantsRead() const noexcept;
  void updateInterest();
  [[nodiscard]] Flow answer() noexcept;
  void sendFailed(std::error_code why);
  void flushQueue();
  void handEnd();
  void checkEnds();
  void continueAbort();
  [[nodiscard]] bool allIsAcknowledged() const;
  void checkLiveness();
  void watchLiveness();
  void tuneMark();
  void tuneLinkMark();
  void setMark(int bytes);
  void close(std::error_code why);

  Reactor* reactor_;
  Watch watch_;
  Connections::Slot slot_;
  BlockQueue out_;
  State state_ = State::Open;
  bool stranger_;
  bool link_ = false;
  bool paused_ = true;
  bool readLater_ = false;             ///< at the turn's end, without being polled for it
  bool toldFull_ = false;              ///< the sender waits for onRoom()
  bool readEnded_ = false;             ///< the peer's end was told
  bool ending_ = false;                ///< end() was called
  bool endSent_ = false;               ///< and has been handed to the kernel
  std::error_code sendError_;          ///< nothing can be sent any more
  std::error_code failure_;            ///< to be reported at once
  int unsentMark_ = kUnsentMark;       ///< as the kernel has it
  std::size_t readSize_ = kReadBytes;  ///< of the next read
  Clock::time_point marked_{};         ///< the mark was looked at (link); the queue began to fill
  Clock::time_point since_{};  ///< of the abort; of the first byte that is not acknowledged (link)
  Clock::time_point pausedAt_{};
  TurnEndOf<SocketStream, &SocketStream::later> later_{*this};
  DeadlineOf<SocketStream, &SocketStream::onDeadline> deadline_{*this};
};

}  // namespace culvert

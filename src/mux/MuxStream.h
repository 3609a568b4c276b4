// One session of a link, as a Stream.
//
// Outward: while the link takes everything, what is sent leaves at once in frames of at most 14 992
// bytes; once it refused, or the peer's credit is used up, at most what the last read left waits
// here, and a source of bulk is asked for more when its turn has come.  Inward: what the upper end
// does not take waits here, never in the link: between two Culverts up to the window, with another
// peer up to 256 KiB as a matter of course and up to 4 MiB or 15 s as an exception (MuxLink.h).
//
// Ends.  Between Culverts each direction ends by itself (Keep with option 0x04).  To a peer without
// half-close a server's end is End at once, because the visitor waits for it; a client's end is
// held back, so that the answer can still come, until End comes or 30 s pass without a byte.  A
// reset is End with the error bit. Datagram sessions have one end for both directions.
#pragma once

#include "base/Pooled.h"
#include "mux/Activity.h"
#include "mux/Frame.h"
#include "mux/LinkWriter.h"
#include "mux/Window.h"
#include "net/BlockQueue.h"
#include "net/DatagramQueue.h"
#include "net/Loop.h"
#include "net/Stream.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace culvert::mux {

class MuxLink;

class MuxStream final : public Stream, public Pooled<MuxStream>, private LinkWriter::Source {
 public:
  static constexpr std::size_t kBulkBytes = 32 * 1024;  ///< a read this large makes a source bulk
  static constexpr std::size_t kStalledBytes = 256 * 1024, kUnstalledBytes = 64 * 1024;
  static constexpr std::size_t kMostStalledBytes = 4 * 1024 * 1024;
  static constexpr std::size_t kBrakeBytes =
      256 * 1024;  ///< below the most: the link is read again
  static constexpr std::chrono::milliseconds kBrakeTime{
      250};  ///< the link waits no longer for the next taking
  static constexpr std::chrono::seconds kMostStalledTime{15}, kHalfCloseLinger{30};
  static constexpr std::chrono::seconds kLastWords{
      1};  ///< for what is queued when a session ends badly
  static constexpr std::chrono::seconds kDrainTime{
      1};  ///< took nothing for so long: it does not drain

  MuxStream(MuxLink& link, SessionId id, Network network);
  ~MuxStream() override;

  /// The peer has heard of the session: tells it how much more than at first it may send.
  void begin();

  using Stream::send;
  Flow send(Pieces pieces) override;
  void end() override;
  void abort() override;
  void pause() override;
  void resume() override;
  bool moveTo(Loop& home) override { return &home == &loop_; }
  void beLink() override {}
  /// This session's own bytes; what it has put on the link is the link's.
  std::size_t queued() const noexcept override { return out_.size() + outDatagrams_.bytes(); }

 private:
  friend class MuxLink;

  // From the link, never from inside a call of the upper end.
  void receive(MutableBytes data);
  void receiveDatagram(MutableBytes datagram);
  void receiveHalfClose();
  void receiveEnd(bool error);
  void receiveCredit(std::size_t credit);
  void loseLink(std::error_code why);
  /// Ends the session with End and the error bit; the upper end hears `why`.
  void reset(std::error_code why);
  [[nodiscard]] std::size_t held() const noexcept { return in_.size(); }
  [[nodiscard]] bool isDraining() const;
  /// Taking what it is sent, if slowly: worth braking the link for.
  [[nodiscard]] bool isTaking() const;
  [[nodiscard]] bool isPackets() const noexcept { return packets_; }

  // LinkWriter::Source
  /// By its rate too: one that is served often has little to read each time.
  bool isBulk() const noexcept override {
    return !packets_ && (activity_.isBulk() || lastSend_ >= kBulkBytes);
  }
  bool hasQueued() const noexcept override;
  std::size_t sendQueued(std::size_t frames) override;
  bool onTurn() override;
  void putCredit(Buffer& entries) override;

  Flow sendDatagram(Pieces pieces);
  std::size_t sendPart(Pieces pieces, std::size_t offset, std::size_t most);
  void sendEndIfDrained();
  void sendEnd(bool error);
  void leaveLink();
  /// The session is over on the link; the upper end hears `why` when what is queued is delivered.
  void close(std::error_code why);
  void finishLinger();

  void deliverLater() { loop_.atTurnEnd(later_); }
  void onLater();
  void deliverQueued();
  void dropQueued();
  void tellEnds();
  void took(std::size_t bytes, bool waited);
  void owe(std::size_t credit);
  void checkStall();
  void watch();
  void onDeadline();

  MuxLink* link_;  ///< nullptr: the session is over there
  Loop& loop_;
  const SessionId id_;
  const bool packets_;

  BlockQueue in_, out_;
  DatagramQueue inDatagrams_, outDatagrams_;
  SendWindow sendWindow_;
  ReceiveWindow receiveWindow_;
  std::size_t pendingCredit_ = 0;
  std::size_t lastSend_ = 0;
  Activity::Member activity_;

  Clock::time_point lastTaken_{}, lastReceived_{};
  Clock::time_point quietSince_{};  ///< stalled: nothing was taken since then
  Clock::time_point stalledSince_{};
  Clock::time_point limit_{};  ///< of aborting, lingering or the last words

  bool paused_ = true;
  bool credits_ = false, halfClose_ = false;  ///< agreed with the peer when the session began
  bool ended_ = false;                        ///< end() was called
  bool endSent_ = false;                      ///< our End or half-close left
  bool remoteEnded_ = false;                  ///< no more data will come
  bool endTold_ = false;                      ///< onEnd()
  bool aborting_ = false;                     ///< abort() was called
  bool lingering_ = false;  ///< our End left, the peer's has not come (no half-close)
  bool cut_ = false;        ///< data came while lingering
  bool wantsRoom_ = false;  ///< Full was answered
  bool refused_ = false;    ///< paused since the last credit
  bool stalled_ = false;
  bool braking_ = false;  ///< holds all it may, and the link waits for it
  bool closedTold_ = false;
  std::optional<std::error_code> closed_;  ///< the session is over, and how

  TurnEndOf<MuxStream, &MuxStream::onLater> later_{*this};
  DeadlineOf<MuxStream, &MuxStream::onDeadline> deadline_{*this};
};

}  // namespace culvert::mux

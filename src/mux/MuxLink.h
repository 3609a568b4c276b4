// What a mux client and a mux server have in common: one link, its sessions, and the rules between
// them.
//
// The reader of a link never waits for a session.  Between two Culverts credits bound what a
// session may hold (Window.h).  Any other peer cannot be slowed per session: one whose upper end
// does not take its data is stalled above 256 KiB and burdens its link; a client alone on its link
// then stops reading it (where its owner allows that), else the session is reset at 4 MiB or after
// 15 s without progress, never another one.
//
// The link below may be any Stream.  Its end or failure ends all sessions with Errc::LinkLost.  A
// link is closed for: a frame that is none, more than 1000 frames a second that change nothing
// (LIM-15), control messages above 1 KiB or 10 a second (PORT-6), and silence where silence proves
// death (Liveness.h).
#pragma once

#include "mux/Activity.h"
#include "mux/Environment.h"
#include "mux/Frame.h"
#include "mux/LinkWriter.h"
#include "mux/Liveness.h"
#include "mux/MuxStream.h"
#include "mux/RateLimit.h"
#include "mux/SessionIds.h"
#include "mux/SessionTable.h"
#include "net/Loop.h"
#include "net/Stream.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

namespace culvert::mux {

/// What is known of the other end.  Fixed before the first session.
struct Peer {
  bool isCulvert = false;  ///< it never stops reading the link, and takes datagrams of any size
  bool halfClose = false;
  bool credits = false;
};

/// When the two proofs are asked for; probing goes on from there.
enum class Probes {
  Off,        ///< ordinary mux, whose carrier has its own idle timer
  AtOnce,     ///< who accepted the link
  OnceHeard,  ///< who dialled it: when the first frame has come
};

struct LinkOptions {
  Probes probes = Probes::AtOnce;
  /// Stop reading the link for the sake of the only session on it.
  bool mayHold = false;
  /// Close the link when it has had no session for so long; zero: never.
  Clock::duration idleClose{};
  /// Sessions open at a time, and new ones a second (LIM-7, LIM-8); more are refused one by one.
  std::size_t maxSessions = 16'384;
  double newPerSecond = 10'000, newBurst = 20'000;
};

/// What a link tells its owner, always from the loop; only onLoad(), and onHealth() from doubt(),
/// may come from inside a call of the owner.
class LinkHandler {
 public:
  /// The first frame came: the other end has our keys.
  virtual void onFirstFrame() {}
  /// Live for the first time, suspect, or live again.  A dead link is closed.
  virtual void onHealth(Health) {}
  /// A message of the control session.
  virtual void onControl(Bytes) {}
  /// The peer ended the control session.
  virtual void onControlEnded() {}
  /// Sessions came or went or were seen to be bulk, the link became burdened or free of it, or a
  /// probe was answered.
  virtual void onLoad() {}
  /// Once and last; empty: ended cleanly.  The owner may destroy the link later, not from here.
  virtual void onLinkClosed(std::error_code why) = 0;

 protected:
  ~LinkHandler() = default;
};

class MuxLink : private Receiver, private Shedder::Holder {
 public:
  static constexpr std::size_t kMaxControlBytes = 1'024;
  static constexpr std::chrono::milliseconds kSettleTime{250};

  MuxLink(const MuxLink&) = delete;
  MuxLink& operator=(const MuxLink&) = delete;
  /// Ends all sessions with LinkLost and resets the link if it is not over.
  virtual ~MuxLink();

  /// Begins to read and to probe.
  void start();
  void setPeer(Peer peer);
  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }

  /// A message on the control session, which must be open.  At most kMaxControlBytes.
  void sendControl(Bytes message);
  [[nodiscard]] bool hasControl() const noexcept { return control_.has_value(); }
  void endControl();

  /// Asks the peer whether it is there; suspect until it answers.
  void doubt();
  /// Resets the link; sessions end with LinkLost.  onLinkClosed(why) follows.
  void close(std::error_code why);
  /// Ends a link without sessions.  onLinkClosed() follows.
  void finish();

  [[nodiscard]] Health health() const noexcept { return liveness_.health(); }
  [[nodiscard]] Clock::time_point lastHeard() const noexcept { return liveness_.lastHeard(); }
  [[nodiscard]] Clock::duration roundTrip() const noexcept { return liveness_.roundTrip(); }
  /// Open sessions, the control session not counted.
  [[nodiscard]] std::size_t sessionCount() const noexcept { return sessions_.size(); }
  [[nodiscard]] std::size_t bulkCount() const noexcept { return activity_.bulk(); }
  /// Those of them that count when a link is chosen: kSettleTime after one became bulk, all that
  /// are.
  [[nodiscard]] std::size_t settledBulkCount() const noexcept { return activity_.settledBulk(); }
  /// Open sessions that have begun or moved bytes in this epoch or the one before.
  [[nodiscard]] std::size_t activeCount() const noexcept { return activity_.active(); }
  [[nodiscard]] std::size_t queuedBytes() const noexcept { return place_.held(); }
  [[nodiscard]] std::uint64_t sessionsEver() const noexcept { return sessionsEver_; }
  /// A session is stalled, or the link has been refusing bytes for 2 s: new sessions go elsewhere.
  [[nodiscard]] bool isBurdened() const { return stalled_ > 0 || writer_.isStuck(); }
  /// Not read, for the sake of the only session on it.
  [[nodiscard]] bool isHeld() const noexcept {
    return options_.mayHold && sessions_.size() == 1 && stalled_ == 1;
  }
  /// Frames of the layer that encrypts, or what they must have been: whichever direction has more
  /// (CRY-2).
  [[nodiscard]] std::uint64_t chunks() const noexcept;
  [[nodiscard]] std::uint64_t datagramsDropped() const noexcept { return datagramsDropped_; }
  [[nodiscard]] Loop& loop() const noexcept { return loop_; }

 protected:
  MuxLink(Loop& loop, StreamPtr link, LinkHandler& handler, Environment& environment,
          const LinkOptions& options);

  /// A New frame.  True: its data belongs to the session, or control session, that now has its id.
  virtual bool onNew(const FrameHead& head) = 0;

  std::unique_ptr<MuxStream> addSession(SessionId id, Network network);
  [[nodiscard]] bool isInUse(SessionId id) const;
  void refuse(SessionId id);
  /// The peer opened `id` a second time: whatever it was ends with an error.
  void dropDuplicate(SessionId id);
  /// A client waits for the answer before it tells of its end to a peer without half-close.
  void holdEndsBack() noexcept { holdsEndsBack_ = true; }
  void sendShort(SessionId id, Status status, std::uint8_t options = 0);

  Loop& loop_;
  const LinkOptions options_;
  SessionIds ids_;
  std::optional<SessionId> control_;
  LinkWriter& writer() noexcept { return writer_; }
  [[nodiscard]] bool isOver() const noexcept { return over_; }
  RateLimit newSessions_;

 private:
  friend class MuxStream;

  /// What the data of the frame being read is for.
  enum class Use { Drop, Session, Control, Credits };

  // Receiver, of the link below
  void onData(MutableBytes data) override;
  void onEnd() override;
  void onRoom() override;
  void onClosed(std::error_code why) override;

  void onHead(const FrameHead& head);
  void onKeep(const FrameHead& head);
  void onPeerEnd(const FrameHead& head);
  void onFrameData(MutableBytes data, bool last);
  void readCredits(Bytes entries);
  void flushRun();
  /// A frame that changed nothing (LIM-15).
  void countIdleFrame();

  // For MuxStream
  void forget(MuxStream& stream);
  void noteMoved(MuxStream& stream, std::size_t bytes);
  void stallChanged(bool stalled);
  void brakeChanged(bool braking);
  bool shedOne() override;
  [[nodiscard]] Clock::time_point readAt() const noexcept { return readAt_; }
  [[nodiscard]] bool holdsEndsBack() const noexcept { return holdsEndsBack_; }

  void askForProofs();
  void probe();
  SessionId probeId();
  Liveness::Situation situation() const;
  void onBeat();
  void armBeat();
  void reconsiderHold();
  void loseSessions();
  void goOver(std::error_code why);
  void turnEpoch();
  void settle();
  void checkBurden();
  void tellHealth(Health before);
  void onLater();

  StreamPtr lower_;
  LinkHandler& handler_;
  Environment& environment_;
  LinkWriter writer_;
  Shedder::Place place_;
  FrameReader reader_;
  Liveness liveness_;
  Peer peer_;
  SessionTable sessions_;

  Use use_ = Use::Drop;
  MuxStream* run_ = nullptr;  ///< whose data has been slid together in runData_
  MutableBytes runData_;
  Clock::time_point readAt_{};  ///< of the read being worked on

  Activity activity_;
  std::size_t stalled_ = 0;
  std::size_t braking_ = 0;  ///< sessions that hold all they may and are being read
  std::uint64_t sessionsEver_ = 0, datagramsDropped_ = 0;
  std::uint64_t chunksIn_ = 0, chunksOut_ = 0;  ///< estimated from the frames
  Clock::time_point lastBusy_{};                ///< when there was a session
  RateLimit answers_{100, 100}, idleFrames_{1000, 1000}, controls_{10, 20};

  bool started_ = false, heardFrame_ = false, probing_ = false, held_ = false, wasBurdened_ = false;
  bool holdsEndsBack_ = false;
  bool finishing_ = false;  ///< finish() was called
  bool over_ = false;       ///< nothing more is read or sent
  bool lowerClosed_ = false, closedTold_ = false;
  std::error_code why_;

  TurnEndOf<MuxLink, &MuxLink::onLater> later_{*this};
  DeadlineOf<MuxLink, &MuxLink::onBeat> beat_{*this};
  DeadlineOf<MuxLink, &MuxLink::settle> settle_{*this};
};

}  // namespace culvert::mux

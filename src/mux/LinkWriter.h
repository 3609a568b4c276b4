// Who may write on a link, and in which order.
//
// While the stream below takes everything there is no order to keep: what comes is sent.  Once it
// answered Full, sources wait, and when there is room it is given out: control frames first, then
// sources that are not bulk, first come first served, then bulk ones in turn; after every 64 KiB of
// the second kind one bulk frame goes.  So no source waits for all of another one's bytes.
//
// A bulk source's turn is four frames of what its last read left; when nothing is left it is asked
// for more, and the next one's turn is at the end of the loop's turn, when it has had the time to
// read.  What it reads then goes from where it was received into the link: read earlier it would
// wait in a queue, be copied, and have left the cache before it is encrypted.
#pragma once

#include "base/Buffer.h"
#include "base/Clock.h"
#include "net/IntrusiveList.h"
#include "net/Loop.h"
#include "net/Stream.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace culvert::mux {

class LinkWriter {
 public:
  static constexpr std::size_t kShareBytes = 64 * 1024;
  static constexpr std::size_t kBulkFrames = 4;
  static constexpr std::chrono::seconds kStuckAfter{2};

  /// A session, as the writer sees it.
  class Source {
   public:
    /// Whether its last read was a large one.
    [[nodiscard]] virtual bool isBulk() const noexcept = 0;
    /// Whether something waits that may be sent now.
    [[nodiscard]] virtual bool hasQueued() const noexcept = 0;
    /// Sends at most `frames` of it while the writer is open; returns the bytes.
    virtual std::size_t sendQueued(std::size_t frames) = 0;
    /// It had its turn.  True: nothing is left, and its upper end has been asked for more.
    virtual bool onTurn() = 0;
    /// Appends the credit that is due to the data of a KeepAlive.
    virtual void putCredit(Buffer& entries) = 0;

   protected:
    virtual ~Source() = default;

   private:
    friend class LinkWriter;
    enum class Line : std::uint8_t { None, Normal, Bulk };
    Links<Source> place_;
    Line line_ = Line::None;
    bool owesCredit_ = false;
  };

  LinkWriter(Loop& loop, Stream& lower) noexcept : loop_(loop), lower_(lower) {}

  /// Whether what is sent now leaves at once.
  [[nodiscard]] bool isOpen() const noexcept { return flow_ == Flow::Open; }
  /// Sends a frame of a session whose turn it is.  As everywhere, what is sent lies in writable
  /// memory.
  void send(Pieces frame);
  /// Sends whole frames of the first class, or keeps them until there is room.
  void sendControl(Bytes frames);
  /// Sends the credit `source` owes, or keeps it in mind.
  void sendCredit(Source& source);
  /// Puts `source` in its line, unless it stands in one; also one that has nothing yet and waits to
  /// be asked for it.
  void wait(Source& source);
  /// Whether there are turns to wait for: a bulk source that sent goes behind the others.
  [[nodiscard]] bool hasBulkWaiting() const noexcept { return !bulk_.empty(); }
  /// Gives out the room there is.
  void serve();
  void remove(Source& source) noexcept;

  /// From the stream below: it has drained.
  void onRoom();
  /// Whether the stream below has refused bytes for 2 s while somebody waits.
  [[nodiscard]] bool isStuck() const;
  [[nodiscard]] std::size_t queuedControl() const noexcept { return control_.size(); }

 private:
  using List = IntrusiveList<Source, &Source::place_>;

  void sendKept();
  void sendCredits();
  void serveOne(Source& source, std::size_t frames);
  void leaveLine(Source& source) noexcept;

  Loop& loop_;
  Stream& lower_;
  Flow flow_ = Flow::Open;
  Clock::time_point fullSince_{};
  Buffer control_;
  Buffer credits_;  ///< empty but for its storage between calls
  std::vector<Source*> creditors_;
  List normal_, bulk_;
  std::size_t normalBytes_ = 0;                                  ///< sent since the last bulk frame
  TurnEndOf<LinkWriter, &LinkWriter::serve> serveLater_{*this};  ///< until then no bulk
};

}  // namespace culvert::mux

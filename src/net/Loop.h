// The thread all of a flow's objects live on, as they see it: posted work, deadlines, the end of a
// turn, and ownership of the roots.
//
// Reactor (Reactor.h) is the real one, on Poco's SocketReactor; tests and the simulator run the
// same code on a ManualLoop.  The bookkeeping is here and is the same for both; a derived class
// says what the time is, how to wake the thread, and calls runTurn().
#pragma once

#include "base/Bytes.h"
#include "base/Clock.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace culvert {

class Loop;

/// Work for later.  Runs once, on the loop's thread, with nothing of ours on the stack.
using Task = std::function<void()>;

/// Something that shall happen after a while.  A member of its owner; destroying it disarms it.
/// Fires from the loop, never from inside another object's callback; resolution is Loop::kTick,
/// never early.
class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  virtual ~Deadline() { disarm(); }

  [[nodiscard]] bool isArmed() const noexcept { return loop_ != nullptr; }
  void disarm() noexcept;

 private:
  friend class Loop;
  virtual void onDeadline() = 0;

  Loop* loop_ = nullptr;
  Deadline *previous_ = nullptr, *next_ = nullptr;
  std::uint64_t tick_ = 0;
};

/// A deadline that calls a member function of its owner:
///   DeadlineOf<Portal, &Portal::onBeat> beat_{*this};
template <class Owner, void (Owner::*Method)()>
class DeadlineOf final : public Deadline {
 public:
  explicit DeadlineOf(Owner& owner) noexcept : owner_(owner) {}

 private:
  void onDeadline() override { (owner_.*Method)(); }
  Owner& owner_;
};

/// Something that shall happen once at the end of the current turn, however often it is asked for.
/// A member of its owner; destroying it takes it back.  No allocation.
class TurnEnd {
 public:
  TurnEnd() = default;
  TurnEnd(const TurnEnd&) = delete;
  TurnEnd& operator=(const TurnEnd&) = delete;
  virtual ~TurnEnd() { cancel(); }
  void cancel() noexcept;
  [[nodiscard]] bool isAsked() const noexcept { return loop_ != nullptr; }

 private:
  friend class Loop;
  virtual void onTurnEnd() = 0;

  Loop* loop_ = nullptr;
  TurnEnd *previous_ = nullptr, *next_ = nullptr;
};

template <class Owner, void (Owner::*Method)()>
class TurnEndOf final : public TurnEnd {
 public:
  explicit TurnEndOf(Owner& owner) noexcept : owner_(owner) {}

 private:
  void onTurnEnd() override { (owner_.*Method)(); }
  Owner& owner_;
};

/// What a loop owns: a relay, a dial in progress, a greeter, a link.  Roots end by
/// loop.retire(*this).
class Root {
 public:
  Root() = default;
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  virtual ~Root() = default;

  /// Asked from outside to end: the configuration it came from is gone or the program stops.  Ends
  /// its streams with resets and retires itself.  Called on the loop's thread.
  virtual void stop(std::error_code why) = 0;
  /// Whose it is, for forEachRoot(); an address that is only compared.
  [[nodiscard]] virtual const void* owner() const noexcept { return nullptr; }

 private:
  friend class Loop;
  Loop* loop_ = nullptr;
  Root *previous_ = nullptr, *next_ = nullptr;
  bool retired_ = false;
};

/// Lets late work notice that its object is gone: the object holds an Anchor, the work a Mooring.
class Anchor {
 public:
  class Mooring {
   public:
    [[nodiscard]] bool holds() const noexcept { return !alive_.expired(); }

   private:
    friend class Anchor;
    explicit Mooring(const std::shared_ptr<char>& alive) : alive_(alive) {}
    std::weak_ptr<char> alive_;
  };
  [[nodiscard]] Mooring mooring() const {
    if (!alive_) alive_ = std::make_shared<char>();
    return Mooring(alive_);
  }

 private:
  mutable std::shared_ptr<char> alive_;  ///< made when first asked for
};

class Loop {
 public:
  static constexpr std::chrono::milliseconds kTick{100};
  static constexpr std::size_t kScratchBytes = 256 * 1024;
  static constexpr std::size_t kHeadroomBytes = 66 * 1024;
  /// A turn that comes this much later than it should: nothing is judged by times from before it.
  static constexpr std::chrono::seconds kStall{2};

  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop();

  /// Both clocks.  On the loop's thread they may be as old as what the turn has done so far: a
  /// visitor takes some twenty looks at the time.
  [[nodiscard]] virtual Now now() const = 0;
  /// Whether the caller is on this loop's thread (or no thread runs it yet).
  [[nodiscard]] bool isCurrent() const noexcept;

  /// From any thread.
  void post(Task task);
  /// Runs `work` in this turn's end; asking twice is asking once.  Own thread.
  void atTurnEnd(TurnEnd& work);
  /// Fires `deadline` once, `delay` from now or up to a tick later; arming again moves it.  Own
  /// thread.
  void arm(Deadline& deadline, Clock::duration delay);

  /// Takes ownership of `root` until retire().  Own thread.
  template <class T>
  T& adopt(std::unique_ptr<T> root) {
    T& adopted = *root;
    adoptRoot(root.release());
    return adopted;
  }
  /// Destroys `root` at the end of the turn, when nothing of ours is on the stack.  Twice is once.
  void retire(Root& root);
  /// Calls stop(why) of every root whose owner() is `owner` (of all, for nullptr).
  void stopRoots(const void* owner, std::error_code why);
  [[nodiscard]] std::size_t rootCount() const noexcept { return rootCount_; }

  /// Space to receive into, kScratchBytes long.  One user at a time: whoever is called by the
  /// poller.
  [[nodiscard]] MutableBytes scratch() noexcept;
  /// The free bytes right before `data` when it begins where the scratch space does, else nothing:
  /// room to put the rest of a cut frame in front of what was just received.
  [[nodiscard]] MutableBytes headroomOf(MutableBytes data) noexcept;

  /// The last time this loop came back from a stall (suspended, starved of CPU), or its start.
  /// Silence is counted from here at the earliest.
  [[nodiscard]] Clock::time_point awakeSince() const noexcept { return awakeSince_; }

 protected:
  /// Asked for from any thread when posted work waits: make runTurn() happen soon.
  virtual void wake() = 0;
  /// A deadline was armed, outside of runTurn(), that is due before sleepTime() last said.
  virtual void onSooner() { wake(); }
  /// One turn's end: fires due deadlines, runs posted work and turn-end work until none is left,
  /// destroys what was retired.  Work posted meanwhile waits for the next turn when it has taken
  /// too long.
  void runTurn();
  /// How long the thread may sleep: until the next deadline, at most `limit`.
  [[nodiscard]] Clock::duration sleepTime(Clock::duration limit) const;
  /// Whether turn-end work, posted work or a due deadline waits.
  [[nodiscard]] bool hasWork() const;
  /// Makes the calling thread this loop's.
  void bindThread() noexcept;
  /// Destroys all roots; the derived destructor or the end of its thread calls it while streams
  /// still work.
  void destroyRoots();
  /// Told by the derived class how long a sleep was meant to be and when it ended.
  void noteSleep(Clock::time_point from, Clock::duration meant);

 private:
  friend class Deadline;
  friend class TurnEnd;
  static constexpr std::size_t kSlots = 512;

  void adoptRoot(Root* root);
  void unlink(Deadline& deadline) noexcept;
  void unlink(TurnEnd& work) noexcept;
  void unlink(Root& root) noexcept;
  bool takePosted();
  void runWork();
  void fireDeadlines();
  void destroyRetired();
  [[nodiscard]] std::uint64_t tickOf(Clock::time_point time) const noexcept;

  Clock::time_point epoch_{};
  bool started_ = false;
  std::uint64_t firedTick_ = 0;
  std::array<Deadline*, kSlots> wheel_{};
  std::size_t armed_ = 0;
  mutable std::uint64_t soonest_ = UINT64_MAX;  ///< no armed deadline is due in an earlier tick
  TurnEnd *turnEnds_ = nullptr, *turnEndsOldest_ = nullptr;  ///< newest first
  bool inTurn_ = false;
  Root *roots_ = nullptr, *retired_ = nullptr;
  std::size_t rootCount_ = 0;
  Clock::time_point awakeSince_{};

  mutable std::mutex mutex_;
  std::vector<Task> posted_;   ///< guarded by mutex_
  std::vector<Task> running_;  ///< empty but for its storage between turns
  std::atomic<std::thread::id> thread_{};

  std::unique_ptr<std::uint8_t[]> scratch_;
};

}  // namespace culvert

// Connections that have not said yet who they are: how many there are, from where, and which one
// goes when there are too many (AUTH-7, LIM-1, LIM-2).  One table per process; thread-safe.
#pragma once

#include "base/Destination.h"
#include "net/Loop.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace culvert {

class Strangers {
 public:
  static constexpr std::size_t kMaxAll = 1024;  ///< LIM-1
  static constexpr std::size_t kMaxPerPrefix =
      64;  ///< LIM-2, per IPv4 /32 and /24, IPv6 /64 and /48

  /// Who is asked to leave.  Called on its own loop's thread, as long as its ticket lives.
  class Guest {
   public:
    virtual void leave() = 0;

   protected:
    ~Guest() = default;
  };

  /// A place in the table; destroying it frees the place.
  class Ticket;
  using TicketPtr = std::unique_ptr<Ticket>;

  static Strangers& ofProcess();

  /// Lets `guest` in.  Over a limit, the oldest stranger of the busiest source prefix is asked to
  /// leave. A loopback source counts for LIM-1 only.
  TicketPtr admit(Guest& guest, Loop& loop, const Ip& source);
  [[nodiscard]] std::size_t count() const;

 private:
  struct Entry;
  using Entries = std::list<std::shared_ptr<Entry>>;
  struct Prefix {
    std::size_t count = 0;
    Entries oldestFirst;
  };

  void remove(const std::shared_ptr<Entry>& entry);
  std::shared_ptr<Entry> oldestOf(const std::string& prefix);

  mutable std::mutex mutex_;
  std::map<std::string, Prefix> prefixes_;  ///< guarded by mutex_
  std::size_t count_ = 0;                   ///< guarded by mutex_
};

class Strangers::Ticket {
 public:
  Ticket(Strangers& table, std::shared_ptr<Entry> entry);
  ~Ticket();
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

 private:
  Strangers& table_;
  std::shared_ptr<Entry> entry_;
};

}  // namespace culvert

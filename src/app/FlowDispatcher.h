// Gives every flow to the outbound that the rules name for it, on the loop where that outbound
// serves it.
//
// One for the process: a reload exchanges the Plan, flows under way do not notice.  A stream that
// cannot move to its outbound's loop is joined across by a Ferry.
#pragma once

#include "app/Owners.h"
#include "app/Plan.h"
#include "mux/Environment.h"
#include "net/Sockets.h"
#include "proxy/Inbound.h"
#include "proxy/Session.h"

#include <memory>
#include <mutex>
#include <vector>

namespace culvert::app {

class FlowDispatcher final : public proxy::Dispatcher, public proxy::MuxAcceptor {
 public:
  FlowDispatcher(Sockets& sockets, mux::Environment& mux) : sockets_(sockets), mux_(mux) {}

  void dispatch(proxy::Session session, StreamPtr visitor, Loop& here) override;
  void acceptMux(proxy::Session session, StreamPtr stream, Loop& here) override;

  /// From now on flows are judged by `plan`.  Any thread.
  void setPlan(std::shared_ptr<const Plan> plan);
  [[nodiscard]] std::shared_ptr<const Plan> plan() const;
  [[nodiscard]] Owners& owners() noexcept { return owners_; }

 private:
  class Lookup;

  /// What the rules say once nothing more is to be looked up.
  void give(const std::shared_ptr<const Plan>& plan, routing::Verdict verdict,
            proxy::Session session, StreamPtr visitor, Loop& here);

  Sockets& sockets_;
  mux::Environment& mux_;
  Owners owners_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Plan> plan_;  ///< guarded by mutex_
};

}  // namespace culvert::app

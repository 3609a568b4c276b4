#include "mux/MuxServer.h"

#include <utility>

namespace culvert::mux {
namespace {

/// Pseudo-hosts under which every datagram carries its own address: a protocol we do not speak, and
/// no names to be looked up.  Source: V2Ray 5 common/net/packetaddr.
bool isPacketAddress(const Destination& target) {
  return target.isDomain() && (target.domain() == "sp.packet-addr.v2fly.arpa" ||
                               target.domain() == "st.packet-addr.v2fly.arpa");
}

}  // namespace

MuxServer::MuxServer(Loop& loop, StreamPtr link, ServerHandler& handler, Environment& environment,
                     const LinkOptions& options)
    : MuxLink(loop, std::move(link), handler, environment, options), server_(handler) {}

bool MuxServer::onNew(const FrameHead& head) {
  const Clock::time_point now = loop_.now().mono;
  if (isInUse(head.id)) {
    // Two sessions under one id would be mixed: neither goes on.
    dropDuplicate(head.id);
    return false;
  }
  if (head.badTarget || isPacketAddress(*head.address)) {
    refuse(head.id);
    return false;
  }
  const Destination target = *head.address;
  if (target.network == Network::Udp && server_.isControl(target)) {
    endControl();
    ids_.reopen(head.id);
    control_ = head.id;
    return true;
  }
  if (sessionCount() >= options_.maxSessions || !newSessions_.take(now)) {
    refuse(head.id);
    return false;
  }
  server_.onSession(target, addSession(head.id, target.network), head.trailing);
  return true;
}

}  // namespace culvert::mux

#include "mux/MuxClient.h"

#include <utility>

namespace culvert::mux {

MuxClient::MuxClient(Loop& loop, StreamPtr link, LinkHandler& handler, Environment& environment,
                     const LinkOptions& options)
    : MuxLink(loop, std::move(link), handler, environment, options) {
  holdEndsBack();
}

StreamPtr MuxClient::openSession(const Destination& target, Bytes metadata) {
  if (isOver() || sessionCount() >= options_.maxSessions) return nullptr;
  const std::optional<SessionId> id = nextId();
  if (!id) return nullptr;
  frame_.clear();
  appendNew(frame_, *id, target, metadata, {});
  writer().sendControl(frame_.view());
  auto stream = addSession(*id, target.network);
  stream->begin();
  return stream;
}

void MuxClient::openControl(const std::string& name, Bytes message) {
  if (isOver()) return;
  endControl();
  const std::optional<SessionId> id = nextId();
  if (!id) return;
  control_ = id;
  Buffer frame;
  appendNew(frame, *id, Destination{Network::Udp, name, 0}, {}, message);
  writer().sendControl(frame.view());
}

/// A server opens nothing.
bool MuxClient::onNew(const FrameHead&) {
  return false;
}

std::optional<SessionId> MuxClient::nextId() {
  return ids_.next(loop_.now().mono, [this](SessionId id) { return isInUse(id); });
}

}  // namespace culvert::mux

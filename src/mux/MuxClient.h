// The end of a link that opens sessions: a portal's end of a tunnel, or an ordinary mux client.
#pragma once

#include "mux/MuxLink.h"

namespace culvert::mux {

class MuxClient final : public MuxLink {
 public:
  /// Takes the paused `link`, on `loop`.  `handler` and `environment` outlive the client.
  MuxClient(Loop& loop, StreamPtr link, LinkHandler& handler, Environment& environment,
            const LinkOptions& options = {});

  /// Opens a session to `target`; `metadata` goes behind its address, for peers that read it.
  /// nullptr: the link is full or over.  A stream of datagrams for a UDP target.
  [[nodiscard]] StreamPtr openSession(const Destination& target, Bytes metadata = {});
  /// Opens the control session under `name`, in place of an older one, with a first message.
  void openControl(const std::string& name, Bytes message);

 private:
  bool onNew(const FrameHead& head) override;
  std::optional<SessionId> nextId();

  Buffer frame_;  ///< empty but for its storage between calls
};

}  // namespace culvert::mux

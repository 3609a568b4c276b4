#include "mux/LinkWriter.h"

#include "mux/Frame.h"

#include <algorithm>
#include <array>

namespace culvert::mux {
namespace {

constexpr std::size_t kMostCreditBytes = 8 * 1024;

}  // namespace

void LinkWriter::send(Pieces frame) {
  const Flow before = flow_;
  flow_ = lower_.send(frame);
  if (flow_ == Flow::Full && before == Flow::Open) fullSince_ = loop_.now().mono;
}

void LinkWriter::sendControl(Bytes frames) {
  if (isOpen()) {
    send(Pieces(&frames, 1));
  } else {
    control_.append(frames);
  }
}

void LinkWriter::sendCredit(Source& source) {
  if (source.owesCredit_) return;
  if (!isOpen()) {
    source.owesCredit_ = true;
    creditors_.push_back(&source);
    return;
  }
  source.putCredit(credits_);
  sendCredits();
}

/// In a KeepAlive, whose id means nothing.
void LinkWriter::sendCredits() {
  ShortHead head(0, Status::KeepAlive, 0, credits_.size());
  const std::array<Bytes, 2> frame{head.bytes(), credits_.view()};
  send(frame);
  credits_.clear();
}

void LinkWriter::wait(Source& source) {
  if (source.line_ != Source::Line::None) return;
  source.line_ = source.isBulk() ? Source::Line::Bulk : Source::Line::Normal;
  (source.line_ == Source::Line::Bulk ? bulk_ : normal_).pushBack(source);
  if (isOpen()) loop_.atTurnEnd(serveLater_);
}

void LinkWriter::remove(Source& source) noexcept {
  leaveLine(source);
  if (source.owesCredit_) std::erase(creditors_, &source);
  source.owesCredit_ = false;
}

void LinkWriter::leaveLine(Source& source) noexcept {
  if (source.line_ == Source::Line::None) return;
  (source.line_ == Source::Line::Bulk ? bulk_ : normal_).remove(source);
  source.line_ = Source::Line::None;
}

void LinkWriter::onRoom() {
  flow_ = Flow::Open;
  serve();
}

void LinkWriter::sendKept() {
  if (!control_.empty()) {
    Buffer control = std::move(control_);
    const Bytes whole = control.view();
    send(Pieces(&whole, 1));
  }
  if (creditors_.empty()) return;
  std::vector<Source*> creditors;
  creditors.swap(creditors_);
  for (Source* source : creditors) {
    source->owesCredit_ = false;
    source->putCredit(credits_);
    if (credits_.size() >= kMostCreditBytes) sendCredits();
  }
  if (!credits_.empty()) sendCredits();
}

void LinkWriter::serve() {
  if (!isOpen()) return;
  sendKept();
  while (isOpen()) {
    const bool mayBulk = !bulk_.empty() && !serveLater_.isAsked();
    if (mayBulk && (normal_.empty() || normalBytes_ >= kShareBytes)) {
      normalBytes_ = 0;
      serveOne(*bulk_.first(), normal_.empty() ? kBulkFrames : 1);
    } else if (!normal_.empty()) {
      serveOne(*normal_.first(), mayBulk ? 1 : SIZE_MAX);
    } else {
      return;
    }
  }
}

void LinkWriter::serveOne(Source& source, std::size_t frames) {
  const bool isBulk = source.line_ == Source::Line::Bulk;
  const std::size_t sent = source.sendQueued(frames);
  if (!isBulk) normalBytes_ += sent;
  if (source.hasQueued()) {
    // One that is not bulk keeps its place until it is done; a bulk one goes behind the others.
    if (isBulk) bulk_.moveToBack(source);
  } else {
    leaveLine(source);
  }
  if (source.onTurn() && isBulk) loop_.atTurnEnd(serveLater_);
}

bool LinkWriter::isStuck() const {
  if (isOpen() || (normal_.empty() && bulk_.empty() && control_.empty())) return false;
  return loop_.now().mono - fullSince_ >= kStuckAfter;
}

}  // namespace culvert::mux

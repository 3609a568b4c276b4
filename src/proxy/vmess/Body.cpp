#include "proxy/vmess/Body.h"

#include "base/Errc.h"
#include "base/Log.h"

#include <array>
#include <utility>

namespace culvert::vmess {
namespace {

constexpr Log log{"vmess"};

static_assert(Codec<ServerBody> && Codec<ClientBody>);

ChunkFormat formatOf(const RequestHeader& request) {
  return {request.security, request.option, request.command};
}

Step needMore(std::size_t length) {
  return {Step::Kind::NeedMore, length, {}, {}};
}
Step consumed(std::size_t length) {
  return {Step::Kind::Frame, length, {}, {}};
}
Step failed(std::error_code error) {
  return {Step::Kind::Failed, 0, {}, error};
}

/// With a legacy header the stream cipher of the response header goes on in a Legacy body; with an
/// AEAD header such a body begins a fresh one.
bool continuesHeaderStream(HeaderKind kind, const RequestHeader& request) {
  return kind == HeaderKind::Legacy && request.security == Security::Legacy;
}

BodyWriter serverWriter(HeaderKind kind, const RequestHeader& request) {
  const BodyKeys response = responseKeys(kind, request.keys);
  Buffer plain, first;
  appendResponse(plain, {.v = request.v, .command = 0, .commandData = {}});
  std::optional<crypto::AesCfb> stream;
  if (kind == HeaderKind::Aead) {
    sealAeadResponse(first, response, plain.view());
  } else {
    stream.emplace(crypto::Way::Encrypt, response.key.view(), response.iv.view());
    stream->apply(plain.view(), first.grow(plain.size()));
    if (!continuesHeaderStream(kind, request)) stream.reset();
  }
  return {std::move(first),
          ChunkSealer(formatOf(request), response, request.keys, std::move(stream))};
}

}  // namespace

void BodyWriter::sendFirst(Buffer& out) {
  if (first_.empty()) return;
  out.append(first_.view());
  first_.release();
}

void BodyWriter::seal(Pieces plain, Buffer& out) {
  sendFirst(out);
  sealer_.seal(plain, out);
}

void BodyWriter::flush(Buffer& out) {
  sendFirst(out);
  sealer_.flush(out);
}

void BodyWriter::finish(Buffer& out) {
  sendFirst(out);
  sealer_.finish(out);
}

ServerBody::ServerBody(HeaderKind kind, const RequestHeader& request)
    : BodyWriter(serverWriter(kind, request)),
      packets_(request.command == Command::Udp),
      opener_(formatOf(request), request.keys, request.keys) {}

ClientBody::ClientBody(HeaderKind kind, const RequestHeader& request, Buffer opening)
    : BodyWriter(std::move(opening), ChunkSealer(formatOf(request), request.keys, request.keys)),
      stage_(kind == HeaderKind::Aead ? Stage::Length : Stage::LegacyHeader),
      v_(request.v),
      packets_(request.command == Command::Udp),
      continuesStream_(continuesHeaderStream(kind, request)),
      response_(responseKeys(kind, request.keys)),
      opener_(formatOf(request), response_, request.keys) {
  if (kind == HeaderKind::Legacy) {
    cfb_.emplace(crypto::Way::Decrypt, response_.key.view(), response_.iv.view());
  }
}

Step ClientBody::open(MutableBytes wire) {
  switch (stage_) {
    case Stage::Length:
      return openLength(wire);
    case Stage::Header:
      return openHeader(wire);
    case Stage::LegacyHeader:
      return openLegacyHeader(wire);
    case Stage::LegacyCommand:
      return openLegacyCommand(wire);
    case Stage::Chunks:
      break;
  }
  return opener_.open(wire);
}

Step ClientBody::openLength(MutableBytes wire) {
  if (wire.size() < kSealedResponseLengthBytes) return needMore(kSealedResponseLengthBytes);
  const Result<std::size_t> length =
      openAeadResponseLength(response_, wire.first(kSealedResponseLengthBytes));
  if (!length) return failed(length.error());
  expected_ = length.value();
  stage_ = Stage::Header;
  return consumed(kSealedResponseLengthBytes);
}

Step ClientBody::openHeader(MutableBytes wire) {
  const std::size_t size = expected_ + crypto::kAeadTagBytes;
  if (wire.size() < size) return needMore(size);
  const Result<Bytes> plain = openAeadResponse(response_, wire.first(size));
  if (!plain) return failed(plain.error());
  if (!accept(plain.value())) return failed(Errc::BadHeader);
  return startChunks(size);
}

Step ClientBody::openLegacyHeader(MutableBytes wire) {
  constexpr std::size_t kFixed = 4;
  if (wire.size() < kFixed) return needMore(kFixed);
  const MutableBytes fixed = wire.first(kFixed);
  cfb_->apply(fixed);
  if (fixed[0] != v_) return failed(Errc::BadHeader);
  expected_ = fixed[2] == 0 ? 0 : fixed[3];
  if (expected_ == 0) return startChunks(kFixed);
  stage_ = Stage::LegacyCommand;
  return consumed(kFixed);
}

Step ClientBody::openLegacyCommand(MutableBytes wire) {
  // Nothing protects a legacy response, so its command is not even worth a line.
  if (wire.size() < expected_) return needMore(expected_);
  cfb_->apply(wire.first(expected_));
  return startChunks(expected_);
}

bool ClientBody::accept(Bytes plain) {
  const Result<ResponseHeader> header = parseResponse(plain);
  if (!header || header.value().v != v_) return false;
  if (header.value().command == 1) {
    if (const auto wish = parseSwitchAccount(header.value().commandData)) {
      log.debug("the server wants us to switch to port ", wish->port, " of ",
                wish->host.empty() ? "the same host" : inQuotes(wish->host), "; ignored");
    }
  }
  return true;
}

Step ClientBody::startChunks(std::size_t used) {
  stage_ = Stage::Chunks;
  if (continuesStream_) opener_.continueStream(std::move(*cfb_));
  cfb_.reset();
  return consumed(used);
}

}  // namespace culvert::vmess

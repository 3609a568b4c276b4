#include "bench/load/Dialogue.h"

#include "bench/load/Http.h"
#include "bench/load/Pattern.h"

#include <algorithm>
#include <cstring>

namespace culvert::load {
namespace {

class EchoDialogue final : public Dialogue {
 public:
  explicit EchoDialogue(std::size_t size) : question_(size) {
    for (std::size_t i = 0; i < size; ++i) question_[i] = static_cast<std::byte>(i);
  }

  Bytes ask() override {
    // One counter for all, so that a byte that went to the wrong visitor is seen.
    static std::uint64_t counter = 0;
    const auto number = bigEndian(++counter);
    const auto size = std::min(number.size(), question_.size());
    std::memcpy(question_.data(), number.data() + (number.size() - size), size);
    heard_ = 0;
    return question_;
  }

  Heard hear(Bytes piece) override {
    if (piece.size() > question_.size() - heard_) return Heard::Wrong;
    if (std::memcmp(question_.data() + heard_, piece.data(), piece.size()) != 0)
      return Heard::Wrong;
    heard_ += piece.size();
    return heard_ == question_.size() ? Heard::All : Heard::Part;
  }

 private:
  std::vector<std::byte> question_;
  std::size_t heard_ = 0;
};

class HttpDialogue final : public Dialogue {
 public:
  explicit HttpDialogue(HttpConnection connection)
      : question_(std::string("GET / HTTP/1.1\r\nHost: bench\r\nConnection: ") +
                  (connection == HttpConnection::Kept ? "keep-alive" : "close") + "\r\n\r\n") {}

  Bytes ask() override {
    head_.clear();
    hasHead_ = false;
    return asBytes(question_);
  }

  Heard hear(Bytes piece) override {
    std::size_t body = piece.size();
    if (!hasHead_) {
      head_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      const auto end = head_.find(http1::kHeadEnd);
      if (end == head_.npos)
        return head_.size() < http1::kMaxHeadBytes ? Heard::Part : Heard::Wrong;
      const auto bytes = http1::bodyBytes(std::string_view(head_).substr(0, end));
      if (!bytes) return Heard::Wrong;
      hasHead_ = true;
      left_ = *bytes;
      body = head_.size() - end - http1::kHeadEnd.size();
    }
    if (body > left_) return Heard::Wrong;
    left_ -= body;
    return left_ == 0 ? Heard::All : Heard::Part;
  }

 private:
  std::string question_;
  std::string head_;
  bool hasHead_ = false;
  std::size_t left_ = 0;
};

}  // namespace

std::unique_ptr<Dialogue> echoDialogue(std::size_t size) {
  return std::make_unique<EchoDialogue>(size);
}

std::unique_ptr<Dialogue> httpDialogue(HttpConnection connection) {
  return std::make_unique<HttpDialogue>(connection);
}

}  // namespace culvert::load

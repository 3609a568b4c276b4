#include "proxy/blackhole/HttpAnswer.h"

#include "base/Buffer.h"
#include "base/Errc.h"

#include <array>
#include <chrono>
#include <utility>

namespace culvert::blackhole {
namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 403 Forbidden\r\n"
    "Connection: close\r\n"
    "Cache-Control: max-age=3600, public\r\n"
    "Content-Length: 0\r\n"
    "\r\n";
constexpr std::array<std::string_view, 9> kMethods{
    "GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ", "TRACE "};

class Answer final : public Root, private Receiver {
 public:
  Answer(Loop& loop, StreamPtr visitor, proxy::FlowRecordPtr record, const void* owner)
      : loop_(loop), visitor_(std::move(visitor)), record_(std::move(record)), owner_(owner) {}

  void start() {
    visitor_->attach(*this);
    loop_.arm(deadline_, std::chrono::seconds(1));
    visitor_->resume();
  }
  void stop(std::error_code) override { finish(); }
  [[nodiscard]] const void* owner() const noexcept override { return owner_; }

 private:
  void onData(MutableBytes data) override {
    if (answered_) return;
    first_.append(data);
    switch (looksLikeHttp(asText(first_.view()))) {
      case Looks::TooShort:
        return;
      case Looks::Unlike:
        return finish();
      case Looks::LikeHttp:
        break;
    }
    answered_ = true;
    visitor_->send(asBytes(kAnswer));
    visitor_->end();
    loop_.arm(deadline_, std::chrono::seconds(1));
  }
  void onEnd() override {
    if (!answered_) finish();
  }
  void onRoom() override {}
  void onClosed(std::error_code) override { finish(); }
  void onDeadline() { finish(); }

  void finish() {
    if (record_) record_->fail(Errc::Refused);
    loop_.retire(*this);
  }

  Loop& loop_;
  StreamPtr visitor_;
  proxy::FlowRecordPtr record_;
  const void* const owner_;
  Buffer first_;  ///< at most a read: it is judged as soon as a few bytes are there
  bool answered_ = false;
  DeadlineOf<Answer, &Answer::onDeadline> deadline_{*this};
};

}  // namespace

Looks looksLikeHttp(std::string_view bytes) {
  for (const std::string_view method : kMethods) {
    if (bytes.starts_with(method)) return Looks::LikeHttp;
    if (method.starts_with(bytes)) return Looks::TooShort;
  }
  return Looks::Unlike;
}

void answerHttp(Loop& loop, StreamPtr visitor, proxy::FlowRecordPtr record, const void* owner) {
  loop.adopt(std::make_unique<Answer>(loop, std::move(visitor), std::move(record), owner)).start();
}

}  // namespace culvert::blackhole

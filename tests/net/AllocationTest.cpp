// Counts heap allocations of this program's threads; left out under the sanitizers, which have
// allocators of their own.
#include "net/Bench.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include "support/CountedNew.h"

namespace culvert::test {
namespace {

/// Keeps accepted streams without allocating.
class Shelf final : public AcceptHandler, public Receiver {
 public:
  explicit Shelf(std::size_t room) { streams_.reserve(room); }
  void onAccepted(StreamPtr stream, const Endpoint&, const Endpoint&) override {
    stream->attach(*this);
    stream->resume();
    streams_.push_back(std::move(stream));
    if (streams_.size() == streams_.capacity()) full.set_value();
  }
  void onData(MutableBytes data) override {
    bytes_ += data.size();
    if (bytes_ == streams_.size()) heard.set_value();
  }
  void onEnd() override {}
  void onRoom() override {}
  void onClosed(std::error_code) override {}
  void echo() {
    for (const StreamPtr& stream : streams_) stream->send(asBytes("answer"));
  }
  std::promise<void> full, heard;

 private:
  std::vector<StreamPtr> streams_;
  std::size_t bytes_ = 0;
};

TEST(Allocations, AVisitorCostsFewAndItsBytesNoneOfOurOwn) {
  constexpr std::size_t kVisitors = 256;
  Bench bench;
  Shelf& shelf = bench.make<Shelf>(kVisitors);
  const Endpoint at = bench.listen(shelf);
  const auto count = [] { return allocations; };
  const std::size_t before = bench.call(count);
  std::vector<PlainSocket> visitors;
  for (std::size_t i = 0; i < kVisitors; ++i) visitors.push_back(PlainSocket::connected(at));
  shelf.full.get_future().wait();
  const std::size_t accepted = bench.call(count) - before;
  // The stream, its socket and its place in the poll set; the poll's answer takes one for every
  // event.
  EXPECT_GT(accepted, 0U) << "nothing is counted";
  EXPECT_LE(accepted / kVisitors, 4U);
  RecordProperty("PerVisitor", static_cast<int>(accepted / kVisitors));

  const std::size_t beforeAnswer = bench.call(count);
  bench.call([&] { shelf.echo(); });
  EXPECT_LE(bench.call(count) - beforeAnswer, 16U);

  const std::size_t beforeData = bench.call(count);
  for (PlainSocket& visitor : visitors) visitor.send("x");
  shelf.heard.get_future().wait();
  RecordProperty("PerEvent", static_cast<int>((bench.call(count) - beforeData) / kVisitors));
  EXPECT_LE((bench.call(count) - beforeData) / kVisitors, 1U);
}

}  // namespace
}  // namespace culvert::test

#endif

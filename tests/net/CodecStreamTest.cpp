#include "net/CodecStream.h"
#include "support/FakeStream.h"
#include "support/ForEachSplit.h"
#include "support/ManualLoop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace culvert {
namespace {

using test::FakeReceiver;
using test::FakeStream;
using test::forEachSplit;
using test::ManualLoop;
using test::StreamLog;

/// The simplest framing: a length byte and so many bytes; 0 is the end, 255 is an error.
class Toy {
 public:
  static constexpr std::size_t kMaxFrameBytes = 255;
  explicit Toy(bool packets = false) : packets_(packets) {}

  Step open(MutableBytes wire) {
    const std::size_t length = wire[0];
    if (length == 255) return {Step::Kind::Failed, 0, {}, Errc::BadFrame};
    if (length == 0) return {Step::Kind::Done, 1, {}, {}};
    if (wire.size() < 1 + length) return {Step::Kind::NeedMore, 1 + length, {}, {}};
    ++opened_;
    return {Step::Kind::Frame, 1 + length, wire.subspan(1, length), {}};
  }
  void seal(Pieces plain, Buffer& out) {
    for (const Bytes piece : plain) pending_ += asText(piece);
    while (pending_.size() >= kFull) close(out, kFull);
  }
  void flush(Buffer& out) {
    if (!pending_.empty()) close(out, pending_.size());
  }
  void finish(Buffer& out) { out.append(std::uint8_t{0}); }
  bool packets() const { return packets_; }
  bool cleanEnd() const { return true; }
  std::uint64_t sealed() const { return sealed_; }
  std::uint64_t opened() const { return opened_; }

 private:
  static constexpr std::size_t kFull = 200;
  void close(Buffer& out, std::size_t size) {
    out.append(static_cast<std::uint8_t>(size));
    out.append(asBytes(pending_).first(size));
    pending_.erase(0, size);
    ++sealed_;
  }

  bool packets_;
  std::string pending_;  ///< of the open frame
  std::uint64_t sealed_ = 0, opened_ = 0;
};

std::string frame(const std::string& text) {
  return static_cast<char>(text.size()) + text;
}
const std::string kEnd(1, '\0');

class CodecStreamTest : public testing::Test {
 protected:
  CodecStream<Toy>& make(std::string_view early = {}, bool packets = false) {
    auto lower = std::make_unique<FakeStream>(loop_, log_);
    lower_ = lower.get();
    Buffer buffer;
    buffer.append(asBytes(early));
    stream_ = std::make_unique<CodecStream<Toy>>(loop_, std::move(lower), Toy(packets),
                                                 std::move(buffer));
    stream_->attach(heard_);
    return *stream_;
  }

  StreamLog log_;
  FakeReceiver heard_;
  ManualLoop loop_;
  FakeStream* lower_ = nullptr;
  std::unique_ptr<CodecStream<Toy>> stream_;
};

TEST_F(CodecStreamTest, OpensTheSameFromEveryFragmentation) {
  std::string wire, expected;
  for (int i = 1; i < 40; ++i) {
    const std::string text(static_cast<std::size_t>(i * 5), static_cast<char>('a' + i % 26));
    wire += frame(text);
    expected += text;
  }
  wire += kEnd + "ignored";
  forEachSplit(asBytes(wire), [&](const std::vector<Bytes>& chunks) {
    heard_ = {};
    make().resume();
    for (const Bytes chunk : chunks) lower_->inject(chunk);
    ASSERT_EQ(heard_.received, expected);
    EXPECT_TRUE(heard_.ended);
    EXPECT_FALSE(heard_.closed.has_value());
  });
}

TEST_F(CodecStreamTest, OpensFramesThatWereReceivedIntoScratchSpace) {
  make().resume();
  const auto receive = [&](const std::string& bytes) {
    const MutableBytes scratch = loop_.scratch().first(bytes.size());
    std::copy(bytes.begin(), bytes.end(), scratch.begin());
    // What a socket does: hand up the scratch space itself.
    lower_->injectInPlace(scratch);
  };
  const std::string wire = frame("hello") + frame("world");
  receive(wire.substr(0, 4));
  EXPECT_EQ(heard_.received, "");
  receive(wire.substr(4, 5));
  receive(wire.substr(9));
  EXPECT_EQ(heard_.received, "helloworld");
}

TEST_F(CodecStreamTest, HandsUpOneReadInOneCall) {
  make().resume();
  lower_->inject(frame("a") + frame("b") + frame("c"));
  EXPECT_EQ(heard_.packets, (std::vector<std::string>{"abc"}));
}

TEST_F(CodecStreamTest, HandsUpDatagramsOneByOneAndStopsWhenPaused) {
  make({}, true).resume();
  heard_.onEachData = [&] { stream_->pause(); };
  lower_->inject(frame("one") + frame("two") + frame("three"));
  EXPECT_EQ(heard_.packets, (std::vector<std::string>{"one"}));
  stream_->resume();
  loop_.run();
  EXPECT_EQ(heard_.packets, (std::vector<std::string>{"one", "two"}));
  heard_.onEachData = {};
  stream_->resume();
  loop_.run();
  EXPECT_EQ(heard_.packets, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(CodecStreamTest, DeliversWhatCameBehindTheOpeningFirst) {
  make(frame("early")).resume();
  EXPECT_EQ(heard_.received, "") << "never from inside resume()";
  loop_.run();
  EXPECT_FALSE(log_.paused);
  lower_->inject(frame("late"));
  EXPECT_EQ(heard_.received, "earlylate");
}

TEST_F(CodecStreamTest, SharesFramesAndLeavesInOneSendOnALink) {
  make().resume();
  stream_->beLink();
  EXPECT_TRUE(log_.isLink);
  stream_->send(asBytes("a"));
  stream_->send(asBytes("b"));
  EXPECT_TRUE(log_.packets.empty());
  loop_.run();
  EXPECT_EQ(log_.packets, (std::vector<std::string>{frame("ab")}));
}

TEST_F(CodecStreamTest, FlushesALinkEarlyWhenMuchHasComeTogether) {
  make().resume();
  stream_->beLink();
  for (int i = 0; i < 400; ++i) stream_->send(asBytes(std::string(200, 'x')));
  EXPECT_EQ(log_.packets.size(), 1U) << "64 KiB at once, the rest waits for the turn's end";
  loop_.run();
  EXPECT_EQ(log_.sent.size(), 400U * 201U);
}

TEST_F(CodecStreamTest, SendsAtOnceElsewhere) {
  make().resume();
  stream_->send(asBytes("now"));
  EXPECT_EQ(log_.sent, frame("now"));
}

TEST_F(CodecStreamTest, SendsNothingForNothing) {
  make().resume();
  const Bytes empty;
  stream_->send(Pieces(&empty, 1));
  stream_->send(Pieces());
  loop_.run();
  EXPECT_EQ(log_.sent, "");
}

TEST_F(CodecStreamTest, EndsWithTheTerminator) {
  make().resume();
  stream_->send(asBytes("x"));
  stream_->end();
  EXPECT_EQ(log_.sent, frame("x") + kEnd);
  EXPECT_TRUE(log_.ended);
}

TEST_F(CodecStreamTest, IsOverOnceBothEndsAndTheTransportAre) {
  make().resume();
  lower_->inject(kEnd);
  stream_->end();
  EXPECT_TRUE(heard_.ended);
  EXPECT_FALSE(heard_.closed.has_value());
  lower_->injectEnd();
  lower_->injectClosed();
  ASSERT_TRUE(heard_.closed.has_value());
  EXPECT_FALSE(*heard_.closed);
}

TEST_F(CodecStreamTest, TakesAResetBehindBothEndsForAnEnd) {
  make().resume();
  lower_->inject(kEnd);
  stream_->end();
  lower_->injectClosed(Errc::Reset);
  ASSERT_TRUE(heard_.closed.has_value());
  EXPECT_FALSE(*heard_.closed);
}

TEST_F(CodecStreamTest, CallsAnEndInsideAFrameTruncated_F_CUT) {
  make().resume();
  lower_->inject(frame("hello").substr(0, 3));
  lower_->injectEnd();
  EXPECT_FALSE(heard_.ended);
  ASSERT_TRUE(heard_.closed.has_value());
  EXPECT_EQ(*heard_.closed, make_error_code(Errc::Truncated));
  EXPECT_TRUE(log_.aborted);
}

TEST_F(CodecStreamTest, DeliversNothingOfABadFrameAndNothingBehindIt_CRY_4) {
  make().resume();
  lower_->inject(frame("good") + '\xff' + frame("bad"));
  EXPECT_EQ(heard_.received, "good");
  ASSERT_TRUE(heard_.closed.has_value());
  EXPECT_EQ(*heard_.closed, make_error_code(Errc::BadFrame));
  lower_->inject(frame("more"));
  EXPECT_EQ(heard_.received, "good");
}

TEST_F(CodecStreamTest, TellsWhenTheLowerStreamHasRoomAgain) {
  make().resume();
  lower_->setFlow(Flow::Full);
  EXPECT_EQ(stream_->send(asBytes("x")), Flow::Full);
  lower_->setFlow(Flow::Open);
  EXPECT_EQ(heard_.rooms, 1);
}

TEST_F(CodecStreamTest, CountsFrames_CRY_2) {
  make().resume();
  stream_->send(asBytes("x"));
  lower_->inject(frame("a") + frame("b"));
  EXPECT_EQ(stream_->meter().sealed, 1U);
  EXPECT_EQ(stream_->meter().opened, 2U);
}

}  // namespace
}  // namespace culvert

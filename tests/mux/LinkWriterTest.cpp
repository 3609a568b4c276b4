#include "mux/LinkWriter.h"
#include "mux/MuxBench.h"

#include <gtest/gtest.h>

namespace culvert::mux::test {
namespace {

/// Sends frames of one letter, as many as wait.
class LetterSource final : public LinkWriter::Source {
 public:
  LetterSource(LinkWriter& writer, char letter, std::size_t frames, std::size_t frameBytes,
               bool bulk)
      : writer_(writer), letter_(letter), left(frames), frameBytes_(frameBytes), bulk_(bulk) {}
  ~LetterSource() override { writer_.remove(*this); }

  bool isBulk() const noexcept override { return bulk_; }
  bool hasQueued() const noexcept override { return left > 0; }
  std::size_t sendQueued(std::size_t frames) override {
    std::size_t sent = 0;
    for (; frames > 0 && left > 0 && writer_.isOpen(); --frames, --left) {
      std::string text(frameBytes_, letter_);
      const Bytes bytes = asBytes(text);
      writer_.send(Pieces(&bytes, 1));
      sent += frameBytes_;
    }
    return sent;
  }
  bool onTurn() override {
    ++turns;
    return false;
  }
  void putCredit(Buffer& entries) override { entries.append(static_cast<std::uint8_t>(letter_)); }

 private:
  LinkWriter& writer_;
  char letter_;

 public:
  std::size_t left;
  int turns = 0;

 private:
  std::size_t frameBytes_;
  bool bulk_;
};

/// Holds nothing: sends what it reads at the end of a turn in which it was asked for more.
class ReadingSource final : public LinkWriter::Source {
 public:
  ReadingSource(Loop& loop, LinkWriter& writer, char letter, int reads)
      : loop_(loop), writer_(writer), letter_(letter), reads_(reads) {}
  ~ReadingSource() override { writer_.remove(*this); }

  bool isBulk() const noexcept override { return true; }
  bool hasQueued() const noexcept override { return false; }
  std::size_t sendQueued(std::size_t) override { return 0; }
  bool onTurn() override {
    if (reads_ == 0) return false;
    loop_.atTurnEnd(read_);
    return true;
  }
  void putCredit(Buffer&) override {}

 private:
  void read() {
    --reads_;
    std::string text(120'000, letter_);
    const Bytes bytes = asBytes(text);
    writer_.send(Pieces(&bytes, 1));
    writer_.wait(*this);
  }

  Loop& loop_;
  LinkWriter& writer_;
  char letter_;
  int reads_;
  TurnEndOf<ReadingSource, &ReadingSource::read> read_{*this};
};

struct Bench {
  ManualLoop loop;
  StreamLog log;
  FakeStream stream{loop, log};
  LinkWriter writer{loop, stream};
  FakeReceiver below;

  Bench() { stream.attach(below); }
  void fill() {
    stream.setFlow(Flow::Full);
    std::string text = "full";
    const Bytes bytes = asBytes(text);
    writer.send(Pieces(&bytes, 1));
    log.packets.clear();
  }
  void drain() {
    stream.setFlow(Flow::Open);
    writer.onRoom();
  }
  std::string order() const {
    std::string order;
    for (const std::string& packet : log.packets) order += packet.front();
    return order;
  }
};

TEST(LinkWriter, ServesControlThenSmallThenBulkInTurn_F_SLOW) {
  Bench bench;
  bench.fill();
  LetterSource bulk1(bench.writer, 'X', 6, 15'000, true), bulk2(bench.writer, 'Y', 5, 15'000, true);
  LetterSource small(bench.writer, 'a', 2, 100, false);
  bench.writer.wait(bulk1);
  bench.writer.wait(bulk2);
  bench.writer.wait(small);
  std::string control = "!";
  bench.writer.sendControl(asBytes(control));
  EXPECT_EQ(bench.order(), "");
  bench.drain();
  EXPECT_EQ(bench.order(), "!aaXXXXYYYYXXY");
  EXPECT_EQ(small.turns, 2);
  EXPECT_EQ(bulk1.turns, 2);
}

TEST(LinkWriter, LetsABulkFrameThroughAfterEvery64KiBOfTheRest) {
  Bench bench;
  bench.fill();
  LetterSource bulk(bench.writer, 'X', 2, 15'000, true), rest(bench.writer, 'a', 10, 15'000, false);
  bench.writer.wait(bulk);
  bench.writer.wait(rest);
  bench.drain();
  EXPECT_EQ(bench.order(), "aaaaaXaaaaaX");
}

TEST(LinkWriter, LetsBulkSourcesReadOneAfterTheOtherWhenTheirTurnHasCome) {
  Bench bench;
  bench.fill();
  ReadingSource first(bench.loop, bench.writer, 'X', 3), second(bench.loop, bench.writer, 'Y', 2);
  LetterSource small(bench.writer, 'a', 1, 100, false);
  bench.writer.wait(first);
  bench.writer.wait(second);
  bench.drain();
  EXPECT_EQ(bench.order(), "");
  bench.writer.wait(small);
  bench.writer.serve();
  EXPECT_EQ(bench.order(), "a") << "bulk that has not read yet keeps nobody waiting";
  bench.loop.run();
  EXPECT_EQ(bench.order(), "aXYXYX");
}

TEST(LinkWriter, ReadsNobodyWhileTheLinkIsFull) {
  Bench bench;
  bench.fill();
  ReadingSource first(bench.loop, bench.writer, 'X', 9), second(bench.loop, bench.writer, 'Y', 9);
  bench.writer.wait(first);
  bench.writer.wait(second);
  bench.stream.fullIn = 3;
  bench.drain();
  bench.loop.run();
  EXPECT_EQ(bench.order(), "XYX");
  bench.stream.fullIn = 2;
  bench.drain();
  bench.loop.run();
  EXPECT_EQ(bench.order(), "XYXYX");
}

TEST(LinkWriter, KeepsTheOrderOfThoseThatWaitWithoutBytes) {
  Bench bench;
  bench.fill();
  LetterSource first(bench.writer, 'a', 0, 1, false), second(bench.writer, 'b', 1, 1, false);
  bench.writer.wait(first);
  bench.writer.wait(second);
  bench.writer.wait(first);  // twice is once
  bench.drain();
  EXPECT_EQ(bench.order(), "b");
  EXPECT_EQ(first.turns, 1);
}

TEST(LinkWriter, JoinsTheCreditsThatWaited) {
  Bench bench;
  LetterSource first(bench.writer, 'a', 0, 1, false), second(bench.writer, 'b', 0, 1, false);
  bench.fill();
  bench.writer.sendCredit(first);
  bench.writer.sendCredit(second);
  bench.writer.sendCredit(first);
  bench.drain();
  ASSERT_EQ(bench.log.packets.size(), 1u);
  EXPECT_EQ(framesOf(bench.log.packets[0])[0].data, "ab");
}

TEST(LinkWriter, IsStuckWhenSomebodyWaitsForTwoSeconds) {
  Bench bench;
  bench.fill();
  bench.loop.advance(3s);
  EXPECT_FALSE(bench.writer.isStuck());  // nobody waits
  LetterSource source(bench.writer, 'a', 1, 1, false);
  bench.writer.wait(source);
  EXPECT_TRUE(bench.writer.isStuck());
  bench.drain();
  EXPECT_FALSE(bench.writer.isStuck());
}

TEST(LinkWriter, ForgetsASourceThatGoes) {
  Bench bench;
  bench.fill();
  {
    LetterSource gone(bench.writer, 'a', 1, 1, false);
    bench.writer.wait(gone);
    bench.writer.sendCredit(gone);
  }
  bench.drain();
  EXPECT_EQ(bench.order(), "");
}

}  // namespace
}  // namespace culvert::mux::test

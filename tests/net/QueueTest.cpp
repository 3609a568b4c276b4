#include "net/Bench.h"
#include "net/BlockQueue.h"
#include "net/DatagramQueue.h"
#include "net/QueueBudget.h"

#include <array>
#include <random>

namespace culvert::test {
namespace {

std::string frontOf(const BlockQueue& queue, std::size_t pieces) {
  std::array<Bytes, 64> views;
  const std::size_t count = queue.gather(std::span(views).first(pieces));
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += asText(views[i]);
  return text;
}

TEST(BlockQueue, GivesBackWhatWasPutInWhateverTheSizes) {
  std::mt19937 random(7);
  const std::string all = pattern(600'000);
  BlockQueue queue;
  std::string out;
  std::size_t in = 0;
  while (out.size() < all.size()) {
    const std::size_t more = std::min<std::size_t>(random() % 40'000, all.size() - in);
    queue.append(asBytes(std::string_view(all).substr(in, more)));
    in += more;
    std::string front = frontOf(queue, 1 + random() % 5);
    front.resize(std::min<std::size_t>(front.size(), random() % 50'000));
    queue.consume(front.size());
    out += front;
    ASSERT_EQ(queue.size(), in - out.size());
  }
  EXPECT_TRUE(out == all);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(frontOf(queue, 4), "");
}

TEST(BlockQueue, CountsItsBlocksWhileItHasAny_LIM_10) {
  const std::size_t before = QueueBudget::total();
  BlockQueue queue;
  EXPECT_EQ(QueueBudget::total(), before);
  queue.append(asBytes("x"));
  EXPECT_EQ(QueueBudget::total(), before + BlockQueue::kBlockBytes);
  queue.append(asBytes(pattern(BlockQueue::kBlockBytes)));
  EXPECT_EQ(QueueBudget::total(), before + 2 * BlockQueue::kBlockBytes);
  queue.clear();
  EXPECT_EQ(QueueBudget::total(), before);
}

TEST(QueueBudget, HasLevels_LIM_10) {
  const std::size_t limit = QueueBudget::limit();
  QueueBudget::setLimit(1000);
  using Level = QueueBudget::Level;
  std::size_t held = 0;
  for (const auto& [total, level] : {std::pair<std::size_t, Level>{499, Level::Calm},
                                     {500, Level::Half},
                                     {749, Level::Half},
                                     {750, Level::ThreeQuarters},
                                     {999, Level::ThreeQuarters},
                                     {1000, Level::Full}}) {
    QueueBudget::add(total - held);
    held = total;
    EXPECT_EQ(QueueBudget::level(), level) << total;
  }
  QueueBudget::sub(held);
  QueueBudget::setLimit(limit);
}

TEST(DatagramQueue, KeepsOrderAndEmptyDatagrams) {
  DatagramQueue queue;
  for (const char* text : {"a", "", "ccc"}) EXPECT_EQ(queue.push(asBytes(text)), 0U);
  EXPECT_EQ(asText(queue.pop()->view()), "a");
  EXPECT_EQ(asText(queue.pop()->view()), "");
  EXPECT_EQ(asText(queue.pop()->view()), "ccc");
  EXPECT_TRUE(queue.empty());
}

TEST(DatagramQueue, DropsTheOldestBeyond64_LIM_13) {
  DatagramQueue queue;
  std::size_t dropped = 0;
  for (int i = 0; i < 70; ++i) dropped += queue.push(asBytes(std::to_string(i)));
  EXPECT_EQ(dropped, 6U);
  EXPECT_EQ(asText(queue.pop()->view()), "6");
}

TEST(DatagramQueue, DropsTheOldestBeyond128KiB_LIM_13) {
  const std::size_t before = QueueBudget::total();
  {
    DatagramQueue queue;
    const std::string large = pattern(60'000);
    EXPECT_EQ(queue.push(asBytes(large)), 0U);
    EXPECT_EQ(queue.push(asBytes(large)), 0U);
    EXPECT_EQ(queue.push(asBytes(large)), 1U);
    EXPECT_EQ(queue.bytes(), 120'000U);
    EXPECT_EQ(QueueBudget::total(), before + 120'000);
  }
  EXPECT_EQ(QueueBudget::total(), before);
}

}  // namespace
}  // namespace culvert::test

#include "proxy/vmess/Replay.h"
#include "proxy/vmess/Vectors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace culvert::vmess {
namespace {

using test::at;
using test::ByteVector;

constexpr std::int64_t kTime = 1'700'000'000;
constexpr std::int64_t kDay = 86'400;

/// A history and openings by number: same number, same auth id, same session.
class Replay : public testing::Test {
 protected:
  void make(std::size_t slots = 4096, ReplayHistory::State state = ReplayHistory::State::Fresh) {
    history_ = std::make_unique<ReplayHistory>(makeReplayStore(ReplayHistory::tableBytes(slots)),
                                               state, at(kTime, 0));
  }
  static AuthId idOf(std::uint32_t number) {
    AuthId id{};
    for (std::size_t i = 0; i < 4; ++i) id[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return id;
  }
  static BodyKeys keysOf(std::uint32_t number) {
    const AuthId id = idOf(number);
    return test::keysOf(ByteVector(16, 1), ByteVector(id.begin(), id.end()));
  }
  std::error_code admit(std::uint32_t number, std::int64_t stamp, Now now) {
    return history_->admitAead(user_, idOf(number), stamp, keysOf(number), now).error();
  }

  const Account user_{test::uuidOf("b831381d-6324-4d53-ad4f-8cda48b30811"), 4, "nas"};
  const Account other_{test::uuidOf("27848739-7e62-4138-9fd3-098a63964b6b"), 4, "other"};
  std::unique_ptr<ReplayHistory> history_;
};

TEST_F(Replay, RefusesAnIdForAsLongAsItIsValid_RPL_1) {
  std::uint32_t number = 0;
  for (std::int64_t stamp = -120; stamp <= 120; stamp += 8) {
    make();
    ++number;
    ASSERT_FALSE(admit(number, kTime + stamp, at(kTime, 0)));
    for (const std::int64_t later : {0, 1, 119, 121, 239, 240}) {
      EXPECT_EQ(admit(number, kTime + stamp, at(kTime + later, later)), Errc::Replayed)
          << "stamped " << stamp << ", again after " << later;
    }
  }
}

TEST_F(Replay, RefusesAnIdWhileItIsValidEvenWhenRoomIsShort_RPL_1) {
  // A full table forgets what expired, and nothing else.
  for (const std::int64_t stamp : {-120, 0, 120}) {
    make(32);
    ASSERT_FALSE(admit(1, kTime + stamp, at(kTime, 0)));
    const std::int64_t lastValid = stamp + 120;
    for (std::int64_t second = 0; second <= lastValid; ++second) {
      static_cast<void>(admit(static_cast<std::uint32_t>(1000 + second), kTime + second - 119,
                              at(kTime + second, second)));
      ASSERT_EQ(admit(1, kTime + stamp, at(kTime + second, second)), Errc::Replayed)
          << "stamped " << stamp << ", after " << second;
    }
  }
}

TEST_F(Replay, RefusesASessionUnderAnotherId_RPL_2) {
  make();
  ASSERT_FALSE(history_->admitAead(user_, idOf(1), kTime, keysOf(7), at(kTime, 0)).error());
  EXPECT_EQ(history_->admitAead(user_, idOf(2), kTime, keysOf(7), at(kTime, 0)).error(),
            Errc::Replayed);
  EXPECT_FALSE(history_->admitAead(other_, idOf(3), kTime, keysOf(7), at(kTime, 0)).error())
      << "another user's";
}

TEST_F(Replay, RefusesALegacySessionForFourMinutes_RPL_2) {
  make(32);
  ASSERT_FALSE(history_->admitLegacy(user_, kTime, keysOf(1), at(kTime, 0)).error());
  for (std::int64_t second = 0; second <= 240; ++second) {
    static_cast<void>(admit(static_cast<std::uint32_t>(1000 + second), kTime + second - 119,
                            at(kTime + second, second)));
    ASSERT_EQ(history_->admitLegacy(user_, kTime, keysOf(1), at(kTime + second, second)).error(),
              Errc::Replayed);
  }
}

TEST_F(Replay, BurnsALegacyHash) {
  make();
  const ByteVector hash(16, 5);
  EXPECT_FALSE(history_->isBurnt(hash));
  history_->burn(user_, hash, at(kTime, 0));
  EXPECT_TRUE(history_->isBurnt(hash));
  EXPECT_FALSE(history_->isBurnt(ByteVector(16, 6)));
}

TEST_F(Replay, FailsClosedForTheUserWhoFilledIt_RPL_5) {
  make(4096);
  constexpr std::uint32_t kShare = 4096 / 4;
  std::uint32_t number = 0;
  while (!admit(++number, kTime, at(kTime, 0))) ASSERT_LE(number, kShare);
  EXPECT_EQ(number, kShare + 1);
  EXPECT_EQ(admit(90'000, kTime, at(kTime + 1, 1)), Errc::Overloaded);
  EXPECT_FALSE(
      history_->admitAead(other_, idOf(1'000'000), kTime, keysOf(1'000'000), at(kTime + 1, 1))
          .error())
      << "others have a share of their own";
  EXPECT_EQ(admit(1, kTime, at(kTime + 1, 1)), Errc::Replayed) << "nothing was pushed out";
  EXPECT_FALSE(admit(90'001, kTime + 130, at(kTime + 130, 130))) << "and it opens again by itself";
}

TEST_F(Replay, NeverGrows_RPL_5) {
  auto store = makeReplayStore(ReplayHistory::tableBytes(4096));
  const std::uint8_t* const where = store->bytes().data();
  ReplayHistory history(std::move(store), ReplayHistory::State::Fresh, at(kTime, 0));
  int accepted = 0;
  for (std::uint32_t number = 1; number <= 200'000; ++number) {
    const std::int64_t second = number / 4;  // 4 a second, 480 alive
    if (!history
             .admitAead(user_, idOf(number), kTime + second, keysOf(number),
                        at(kTime + second, second))
             .error()) {
      ++accepted;
    }
    ASSERT_EQ(history
                  .admitAead(user_, idOf(number), kTime + second, keysOf(number),
                             at(kTime + second, second))
                  .error(),
              Errc::Replayed);
  }
  EXPECT_EQ(accepted, 200'000);
  EXPECT_NE(where, nullptr);
}

TEST_F(Replay, ForgetsNothingWhenTheWallClockSteps_RPL_8) {
  for (const std::int64_t step : {std::int64_t{-3600}, -kDay, kDay}) {
    make(32);
    ASSERT_FALSE(admit(1, kTime, at(kTime, 0)));
    // The id is valid again when a clock that stepped back comes to where it was.  Others come
    // meanwhile, as many as are let in: many times what the table holds.
    const std::int64_t back = step < 0 ? -step : 0;
    for (std::int64_t second = 1; second < back + 200; second += 5) {
      const Now now = at(kTime + step + second, second);
      static_cast<void>(
          admit(static_cast<std::uint32_t>(5000 + second), kTime + step + second, now));
      ASSERT_EQ(admit(1, kTime, now), Errc::Replayed) << "step " << step << ", after " << second;
    }
  }
}

TEST_F(Replay, HoldsABoundedTimeAfterAStep) {
  make(32);
  ASSERT_FALSE(admit(1, kTime, at(kTime, 0)));
  ASSERT_FALSE(admit(2, kTime - 100, at(kTime - 100, 1)));  // a step back by 101 s
  std::int64_t second = 0;
  for (std::uint32_t number = 10; number < 60; ++number) {
    second = 130 * number;
    ASSERT_FALSE(admit(number, kTime + second, at(kTime + second, second + 101)));
  }
  EXPECT_FALSE(admit(1, kTime + second, at(kTime + second, second + 101)))
      << "its slot was used again";
}

// ---- Files.

class ReplayFile : public Replay {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "culvert-replay-" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::shared_ptr<ReplayHistory> open(Now now) {
    return openReplayHistory(directory_, "tunnel", now);
  }
  std::error_code admit(ReplayHistory& history, std::uint32_t number, std::int64_t stamp, Now now) {
    return history.admitAead(user_, idOf(number), stamp, keysOf(number), now).error();
  }
  std::filesystem::path file() const {
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) return entry.path();
    return {};
  }
  std::string directory_;
};

TEST_F(ReplayFile, SurvivesARestart_RPL_6) {
  auto history = open(at(kTime, 1000));
  ASSERT_FALSE(admit(*history, 1, kTime, at(kTime, 1000)));
  history.reset();
  // The machine's monotonic clock may have begun anew.
  history = open(at(kTime + 3, 5));
  EXPECT_EQ(admit(*history, 1, kTime, at(kTime + 3, 5)), Errc::Replayed);
  EXPECT_FALSE(admit(*history, 2, kTime, at(kTime + 3, 5))) << "others are welcome at once";
}

TEST_F(ReplayFile, KeepsWhatIsValidThroughManyRestarts_RPL_6) {
  // A table so small that what has expired is soon written over.
  const auto openSmall = [this](Now now) {
    auto opened =
        openReplayStore(directory_ + "/small", ReplayHistory::tableBytes(32), Existing::Keep);
    EXPECT_TRUE(opened);
    return std::make_unique<ReplayHistory>(
        std::move(opened->store),
        opened->existed ? ReplayHistory::State::Kept : ReplayHistory::State::Fresh, now);
  };
  ASSERT_FALSE(admit(*openSmall(at(kTime, 0)), 1, kTime + 120, at(kTime, 0)));
  for (std::int64_t second = 1; second <= 240; ++second) {
    const Now now = at(kTime + second, second);
    const auto history = openSmall(now);
    ASSERT_EQ(admit(*history, 1, kTime + 120, now), Errc::Replayed) << second;
    static_cast<void>(
        admit(*history, static_cast<std::uint32_t>(100 + second), kTime + second - 119, now));
  }
}

TEST_F(ReplayFile, IsSharedByAReload) {
  const auto before = open(at(kTime, 0));
  EXPECT_EQ(open(at(kTime, 0)), before);
  EXPECT_NE(openReplayHistory(directory_, "another", at(kTime, 0)), before);
}

TEST_F(ReplayFile, IsForItsOwnerAlone) {
  const auto history = open(at(kTime, 0));
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file()).permissions(), perms::owner_read | perms::owner_write);
  EXPECT_EQ(std::filesystem::status(directory_).permissions(), perms::owner_all);
}

TEST_F(ReplayFile, WhenTakenIsAsIfThereWereNone_RPL_6) {
  auto history = open(at(kTime, 0));
  ASSERT_FALSE(admit(*history, 1, kTime, at(kTime, 0)));
  const auto second = openReplayStore(file().string(), 4096, Existing::Keep);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), std::errc::device_or_resource_busy);
}

TEST_F(ReplayFile, WhenDamagedRefusesWhatWasStampedBeforeTheStart_RPL_6) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{200}, std::size_t{1'000'000}}) {
    std::filesystem::remove_all(directory_);
    ASSERT_FALSE(admit(*open(at(kTime, 0)), 1, kTime, at(kTime, 0)));
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << std::string(size, 'x');

    auto history = open(at(kTime + 10, 10));
    EXPECT_EQ(admit(*history, 1, kTime, at(kTime + 10, 10)), Errc::Replayed);
    EXPECT_EQ(admit(*history, 2, kTime + 9, at(kTime + 200, 200)), Errc::Replayed) << "for 240 s";
    EXPECT_FALSE(admit(*history, 3, kTime + 10, at(kTime + 10, 10))) << "new ones are welcome";
    EXPECT_FALSE(admit(*history, 4, kTime + 9, at(kTime + 300, 300)));
  }
}

TEST_F(ReplayFile, WithoutAnyStateAcceptsAtOnce_RPL_6) {
  auto first = open(at(kTime, 0));
  EXPECT_FALSE(admit(*first, 1, kTime - 119, at(kTime, 0)));
  auto nowhere = openReplayHistory("/proc/culvert-cannot-write-here", "tunnel", at(kTime, 0));
  EXPECT_FALSE(admit(*nowhere, 1, kTime - 119, at(kTime, 0)));
  auto none = openReplayHistory("", "tunnel", at(kTime, 0));
  EXPECT_FALSE(admit(*none, 1, kTime - 119, at(kTime, 0)));
  EXPECT_EQ(admit(*none, 1, kTime - 119, at(kTime, 0)), Errc::Replayed);
}

TEST_F(ReplayFile, FollowsNoLink) {
  std::filesystem::create_directories(directory_);
  { const auto history = open(at(kTime, 0)); }
  const std::filesystem::path path = file();
  std::filesystem::rename(path, directory_ + "/elsewhere");
  std::filesystem::create_symlink(directory_ + "/elsewhere", path);
  EXPECT_FALSE(openReplayStore(path.string(), 4096, Existing::Keep));
}

TEST_F(ReplayFile, AllTogetherStayWithinTheirBound_RPL_5) {
  std::vector<std::shared_ptr<ReplayHistory>> all;
  std::uintmax_t bytes = 0;
  for (int i = 0; i < 20; ++i) {
    all.push_back(openReplayHistory(directory_, "inbound " + std::to_string(i), at(kTime, 0)));
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory_))
    bytes += entry.file_size();
  EXPECT_LE(bytes, 9u * 1024 * 1024);
  EXPECT_GE(bytes, 7u * 1024 * 1024);
}

}  // namespace
}  // namespace culvert::vmess

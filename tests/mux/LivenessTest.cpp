#include "mux/Liveness.h"

#include <gtest/gtest.h>

namespace culvert::mux {
namespace {

using namespace std::chrono_literals;

/// A link judged every 100 ms, whose other end answers as long as `answers` is true.
struct Watched {
  Clock::time_point now{1h}, awakeSince{1h};
  Liveness liveness{now};
  bool answers = true, carries = false, culvert = false, held = false;
  SessionId nextProbe = 0xF000;
  int probes = 0;
  std::vector<SessionId> unanswered;

  void send() {
    ++probes;
    liveness.probeSent(nextProbe, now);
    if (answers) {
      liveness.heard(now);
      EXPECT_TRUE(liveness.answered(nextProbe, now));
    } else {
      unanswered.push_back(nextProbe);
    }
    ++nextProbe;
  }
  Liveness::Situation situation() const { return {now, awakeSince, carries, culvert, held}; }
  void pass(Clock::duration time) {
    for (const auto until = now + time; now < until;) {
      now += 100ms;
      if (liveness.judge(situation())) send();
    }
  }
  void prove() {
    send();
    send();
  }
};

TEST(Liveness, IsLiveOnceBothProofsAreAnswered_RPL_7) {
  Watched link;
  link.answers = false;
  link.prove();
  EXPECT_EQ(link.liveness.health(), Health::New);
  EXPECT_FALSE(link.liveness.answered(0xF0FF, link.now));  // a recording's answer
  EXPECT_TRUE(link.liveness.answered(0xF001, link.now));
  EXPECT_EQ(link.liveness.health(), Health::New);
  EXPECT_FALSE(link.liveness.answered(0xF001, link.now));  // the same answer again
  EXPECT_TRUE(link.liveness.answered(0xF000, link.now));
  EXPECT_EQ(link.liveness.health(), Health::Live);
}

TEST(Liveness, IsDeadWhenItNeverAnswersWhateverElseComes_RPL_7) {
  Watched link;
  link.answers = false;
  link.prove();
  link.pass(9800ms);
  link.liveness.heard(link.now);
  EXPECT_EQ(link.liveness.health(), Health::New);
  link.pass(500ms);
  EXPECT_EQ(link.liveness.health(), Health::Dead);
}

TEST(Liveness, ProbesEveryTwoSecondsOnlyWhereItMatters) {
  Watched busy;
  busy.prove();
  busy.carries = true;
  busy.pass(20s);
  EXPECT_NEAR(busy.probes - 2, 10, 1);

  Watched talking;  // without sessions, but heard all the time
  talking.prove();
  for (int i = 0; i < 20; ++i) {
    talking.pass(1s);
    talking.liveness.heard(talking.now);
  }
  EXPECT_EQ(talking.probes, 2);

  Watched silent;
  silent.prove();
  silent.pass(20s);
  EXPECT_NEAR(silent.probes - 2, 10, 1);
}

TEST(Liveness, ProbesAtTheSameMomentsOnAllLinks) {
  Watched early, late;
  for (Watched* link : {&early, &late}) link->carries = true;
  early.prove();
  late.now += 700ms;
  late.prove();
  early.pass(700ms);
  for (int i = 0; i < 60; ++i) {
    const int before = early.probes, beforeLate = late.probes;
    early.pass(100ms);
    late.pass(100ms);
    EXPECT_EQ(early.probes > before, late.probes > beforeLate) << i;
  }
  EXPECT_EQ(early.probes - 2, 3);
}

TEST(Liveness, GoesAlongWithItsAnswersAndProbesByItselfWhenThereAreNone) {
  Watched link;
  link.liveness = Liveness(link.now, Liveness::Turn::Second);
  link.prove();
  link.carries = true;
  EXPECT_FALSE(link.liveness.mayGoAlong(link.situation()));  // it has only just probed
  link.pass(2100ms);
  for (int i = 0; i < 5; ++i) {  // the other end probes a little behind its beat
    ASSERT_TRUE(link.liveness.mayGoAlong(link.situation())) << i;
    link.send();
    const int before = link.probes;
    link.pass(100ms);
    EXPECT_FALSE(link.liveness.mayGoAlong(link.situation()));
    link.pass(1900ms);
    EXPECT_EQ(link.probes, before);
  }
  const int before = link.probes;
  link.pass(3s);
  EXPECT_GT(link.probes, before);
}

TEST(Liveness, IsSuspectAfterFiveSecondsAndDeadAfterTen_F_TUPLE) {
  Watched link;
  link.prove();
  link.culvert = true;
  link.answers = false;
  link.pass(4900ms);
  EXPECT_EQ(link.liveness.health(), Health::Live);
  link.pass(400ms);
  EXPECT_EQ(link.liveness.health(), Health::Suspect);
  link.pass(4500ms);
  EXPECT_EQ(link.liveness.health(), Health::Suspect);
  link.pass(500ms);
  EXPECT_EQ(link.liveness.health(), Health::Dead);
}

TEST(Liveness, NeverCallsAV2RayDeadForItsSilence) {
  Watched link;
  link.prove();
  link.answers = false;
  link.pass(1h);
  EXPECT_EQ(link.liveness.health(), Health::Suspect);
  // The frozen reader goes on and answers.
  ASSERT_FALSE(link.unanswered.empty());
  link.liveness.heard(link.now);
  EXPECT_TRUE(link.liveness.answered(link.unanswered.back(), link.now));
  EXPECT_EQ(link.liveness.health(), Health::Live);
}

TEST(Liveness, IsSuspectWhenDataComesButNoAnswers) {
  Watched link;
  link.prove();
  link.carries = true;
  link.answers = false;
  for (int i = 0; i < 80; ++i) {
    link.pass(100ms);
    link.liveness.heard(link.now);
  }
  EXPECT_EQ(link.liveness.health(), Health::Suspect);
}

TEST(Liveness, JudgesNothingByTheTimeBeforeASleep_F_SLEEP) {
  Watched link;
  link.prove();
  link.culvert = true;
  link.pass(1s);
  link.now += 8h;
  link.awakeSince = link.now;
  link.answers = false;
  const int before = link.probes;
  link.pass(100ms);
  EXPECT_EQ(link.probes, before + 1);  // asked at once
  EXPECT_EQ(link.liveness.health(), Health::Live);
  link.pass(800ms);
  EXPECT_EQ(link.liveness.health(), Health::Live);
  link.pass(500ms);
  EXPECT_EQ(link.liveness.health(), Health::Suspect);  // unanswered for a second

  link.answers = true;
  link.pass(3s);
  EXPECT_EQ(link.liveness.health(), Health::Live);
}

TEST(Liveness, LooksTwiceBeforeItSuspects_F_CPU) {
  Watched link;
  link.prove();
  link.answers = false;
  link.now += 5200ms;
  EXPECT_FALSE(link.liveness.judge(link.situation()) && false);
  EXPECT_EQ(link.liveness.health(), Health::Live);
  // What the kernel held is read between the two looks.
  link.liveness.heard(link.now);
  link.now += Liveness::kSecondLook;
  static_cast<void>(link.liveness.judge(link.situation()));
  EXPECT_EQ(link.liveness.health(), Health::Live);
}

TEST(Liveness, IsNotJudgedWhileWeDoNotRead) {
  Watched link;
  link.prove();
  link.culvert = true;
  link.held = true;
  link.answers = false;
  link.pass(1h);
  EXPECT_EQ(link.liveness.health(), Health::Live);
  link.held = false;
  link.answers = true;
  link.liveness.released(link.now);
  link.pass(1s);
  EXPECT_EQ(link.liveness.health(), Health::Live);
}

TEST(Liveness, IsSuspectOnSomebodysWordUntilItAnswers_F_POWER) {
  Watched link;
  link.prove();
  link.liveness.doubt();
  EXPECT_EQ(link.liveness.health(), Health::Suspect);
  link.send();
  EXPECT_EQ(link.liveness.health(), Health::Live);
}

TEST(Liveness, MeasuresTheRoundTrip) {
  Watched link;
  link.answers = false;
  link.send();
  link.now += 40ms;
  EXPECT_TRUE(link.liveness.answered(0xF000, link.now));
  EXPECT_EQ(link.liveness.roundTrip(), 40ms);
}

}  // namespace
}  // namespace culvert::mux

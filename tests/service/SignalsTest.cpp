#include "service/Signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace culvert::service {
namespace {

using namespace std::chrono_literals;

TEST(Signals, AreTakenInTurnAndNeverHandled) {
  Signals signals;
  EXPECT_EQ(signals.wait(1ms), std::nullopt);
  for (const int number : {SIGTERM, SIGINT}) {
    std::raise(number);
    EXPECT_EQ(signals.wait(1s), Signal::Stop);
  }
  std::raise(SIGTERM);
  std::raise(SIGTERM);
  EXPECT_EQ(signals.wait(1s), Signal::Stop) << "one of a kind waits";
  EXPECT_EQ(signals.wait(1ms), std::nullopt);
}

}  // namespace
}  // namespace culvert::service

// Feeds a codec the way a connection does: bytes come in pieces, what is left of a cut frame is
// seen again.
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"
#include "net/Codec.h"

#include <gtest/gtest.h>

#include <string>
#include <system_error>
#include <vector>

namespace culvert::vmess::test {

/// What came out.
struct Reading {
  std::vector<std::string> frames;  ///< payloads, the empty ones left out
  bool done = false;
  std::error_code error;
  std::size_t left = 0;  ///< bytes of an unfinished frame

  [[nodiscard]] std::string joined() const {
    std::string all;
    for (const std::string& frame : frames) all += frame;
    return all;
  }
};

/// `Opener` has open(MutableBytes) -> Step.
template <class Opener>
Reading readAll(Opener& opener, const std::vector<Bytes>& pieces) {
  Reading reading;
  Buffer waiting;
  for (const Bytes piece : pieces) {
    if (reading.done || reading.error) break;
    waiting.append(piece);
    while (!waiting.empty()) {
      const Step step = opener.open(waiting.bytes());
      if (step.kind == Step::Kind::NeedMore) {
        EXPECT_GT(step.used, waiting.size()) << "more of what?";
        break;
      }
      if (step.kind == Step::Kind::Failed) {
        EXPECT_TRUE(step.error) << "failed without a reason";
        reading.error = step.error;
        break;
      }
      EXPECT_GT(step.used, 0u) << "a step that leads nowhere";
      if (!step.plain.empty()) reading.frames.emplace_back(asText(step.plain));
      waiting.consume(step.used);
      if (step.kind == Step::Kind::Done) {
        reading.done = true;
        break;
      }
    }
  }
  reading.left = waiting.size();
  return reading;
}

}  // namespace culvert::vmess::test

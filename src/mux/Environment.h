// What all links of the process share.
#pragma once

#include "base/Bytes.h"
#include "mux/Shedder.h"
#include "mux/Window.h"

namespace culvert::mux {

/// Fills its argument with random bytes that nobody can guess (CRY-5).  Thread-safe, never fails.
using FillRandom = void (*)(MutableBytes);

/// Outlives every link.
struct Environment {
  explicit Environment(FillRandom fillRandom) : random(fillRandom) {}
  const FillRandom random;
  GrowthPool growth;
  Shedder shedder;
};

}  // namespace culvert::mux

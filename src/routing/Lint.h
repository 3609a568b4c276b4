// Rules that can never match, told before the program starts.
#pragma once

#include "config/Model.h"
#include "config/Problems.h"

namespace culvert::routing {

/// Warns, at the rule's place, of an inboundTag that nothing has, and of a rule all of whose flows
/// an earlier one takes: a duplicate, or one behind an unconditional rule for the same tags.
void reportUnreachableRules(const config::Model& model, config::Problems& problems);

}  // namespace culvert::routing

// The process's descriptor limit (LIM-20).
#pragma once

#include <cstddef>

namespace culvert {

/// Raises the soft limit to the hard one, at most to 65 536 (never lowers it), sets the limit of
/// Connections::ofProcess() to what is left beside the reserve, and returns that: LIM-5, to be
/// printed.
std::size_t raiseDescriptorLimit();

}  // namespace culvert

// Memory that starting took and running does not need.
#pragma once

namespace culvert::service {

/// Gives freed heap back, and the pages of code and constants that were read while starting; what
/// is still needed of them comes back by itself.  Once everything runs.
void dropStartUpMemory() noexcept;

}  // namespace culvert::service

// Memory that a replay history lives in: a file mapped into memory, so that it survives the
// process, or nothing but memory.
#pragma once

#include "base/Bytes.h"
#include "base/Result.h"

#include <cstddef>
#include <memory>
#include <string>

namespace culvert::vmess {

class ReplayStore {
 public:
  ReplayStore() = default;
  ReplayStore(const ReplayStore&) = delete;
  ReplayStore& operator=(const ReplayStore&) = delete;
  virtual ~ReplayStore() = default;
  /// Aligned for any type; what is written is kept by the system even when the process dies at
  /// once.
  [[nodiscard]] virtual MutableBytes bytes() noexcept = 0;
  /// Takes no memory for what is not being used; the bytes stay as they are.
  virtual void rest() noexcept {}
};

struct OpenedReplayStore {
  std::unique_ptr<ReplayStore> store;
  bool existed = false;  ///< the bytes are what an earlier process left, else zeros
};

enum class Existing { Keep, Clear };

/// Opens or makes the file `path`, of `size` bytes when it is new or cleared, for this process
/// alone (0600; the kernel's lock).  Its folder is made when missing.  Fails with the system's
/// error, or with std::errc::device_or_resource_busy when another process has it.
Result<OpenedReplayStore> openReplayStore(const std::string& path, std::size_t size,
                                          Existing existing);

/// `size` bytes of zeros that end with the process; memory is taken as they are written.
std::unique_ptr<ReplayStore> makeReplayStore(std::size_t size);

}  // namespace culvert::vmess

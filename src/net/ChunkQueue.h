// Bytes, or whole datagrams, that wait for somebody.  Owns no storage while empty.
#pragma once

#include "base/Buffer.h"
#include "base/Bytes.h"

#include <cstddef>
#include <vector>

namespace culvert {

class ChunkQueue {
 public:
  explicit ChunkQueue(bool packets) noexcept : packets_(packets) {}

  void push(Pieces pieces) {
    for (const Bytes piece : pieces) bytes_.append(piece);
    if (packets_) sizes_.push_back(sizeOf(pieces));
  }
  [[nodiscard]] bool empty() const noexcept { return packets_ ? sizes_.empty() : bytes_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

  /// Calls take(MutableBytes) for all bytes at once, or datagram by datagram, while more() is true;
  /// gives the storage back when all is taken.  What take() pushes meanwhile comes behind and is
  /// not taken.
  template <class More, class Take>
  void drain(More more, Take take) {
    if (empty() || !more()) return;
    Buffer bytes = std::move(bytes_);
    std::vector<std::size_t> sizes = std::move(sizes_);
    sizes_.clear();
    std::size_t taken = 0;
    if (!packets_) {
      take(bytes.bytes());
      return;
    }
    while (taken < sizes.size() && more()) {
      take(bytes.bytes().first(sizes[taken]));
      bytes.consume(sizes[taken++]);
    }
    if (taken == sizes.size()) return;
    // Stopped half-way: the rest goes back in front of what came meanwhile.
    bytes.append(bytes_.view());
    sizes.erase(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(taken));
    sizes.insert(sizes.end(), sizes_.begin(), sizes_.end());
    bytes_ = std::move(bytes);
    sizes_ = std::move(sizes);
  }

 private:
  bool packets_;
  Buffer bytes_;
  std::vector<std::size_t> sizes_;
};

}  // namespace culvert

// What a visitor says and what it wants to hear.
#pragma once

#include "bench/load/Socket.h"

#include <memory>
#include <string>
#include <vector>

namespace culvert::load {

enum class Heard { Part, All, Wrong };

class Dialogue {
 public:
  virtual ~Dialogue() = default;
  /// The next question, valid until the next call.
  virtual Bytes ask() = 0;
  /// A piece of the answer.
  virtual Heard hear(Bytes piece) = 0;
};

/// `size` bytes, different each time, which must come back.
std::unique_ptr<Dialogue> echoDialogue(std::size_t size);

enum class HttpConnection { Kept, Closed };
/// A GET, whose answer must be a 200 of the length it says.
std::unique_ptr<Dialogue> httpDialogue(HttpConnection connection);

}  // namespace culvert::load

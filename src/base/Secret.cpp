#include "base/Secret.h"

#include <cstddef>

namespace culvert {

void wipe(MutableBytes bytes) noexcept {
  volatile std::uint8_t* const data = bytes.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) data[i] = 0;
}

bool equalSecrets(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

namespace {

void wipeText(std::string& text) noexcept {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  text.clear();
}

}  // namespace

// A moved-from short string keeps its characters in place, so moving copies and wipes the source.
Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  wipeText(other.text_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipeText(text_);
    text_ = std::move(other.text_);
    wipeText(other.text_);
  }
  return *this;
}

Secret::~Secret() {
  wipeText(text_);
}

}  // namespace culvert

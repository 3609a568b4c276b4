// A list through its elements: no allocation, removal in constant time.  Owns nothing.
//
//   struct Flow { Links<Flow> byAge; };   IntrusiveList<Flow, &Flow::byAge> flows;
#pragma once

#include "base/Assert.h"

namespace culvert {

/// An element's place in one list.
template <class T>
struct Links {
  T *previous = nullptr, *next = nullptr;
};

template <class T, Links<T> T::*Place>
class IntrusiveList {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] T* first() const noexcept { return first_; }

  /// `item` must be in no list through the same links.
  void pushBack(T& item) noexcept {
    (item.*Place) = {last_, nullptr};
    (last_ ? (last_->*Place).next : first_) = &item;
    last_ = &item;
  }

  void remove(T& item) noexcept {
    Links<T>& place = item.*Place;
    CULVERT_ASSERT(place.previous || first_ == &item);
    (place.previous ? (place.previous->*Place).next : first_) = place.next;
    (place.next ? (place.next->*Place).previous : last_) = place.previous;
    place = {};
  }

  void moveToBack(T& item) noexcept {
    if (last_ == &item) return;
    remove(item);
    pushBack(item);
  }

 private:
  T *first_ = nullptr, *last_ = nullptr;
};

}  // namespace culvert

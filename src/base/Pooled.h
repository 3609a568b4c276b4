// Memory of objects that every visitor brings, kept for the next one.
//
//   class Relay final : public Root, public Pooled<Relay> { … };
//
// new takes what an earlier object of the same class has left on this thread, delete leaves it; at
// most kKept of a class are kept for each thread, the rest goes back.  An object may be deleted on
// another thread than it was made on.  Under the sanitizers nothing is kept: they would not see a
// use after delete.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace culvert {

/// Base of a final class T.
template <class T>
class Pooled {
 public:
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  static void* operator new(std::size_t size) {  // NOLINT(misc-new-delete-overloads): sized below
    Kept& kept = keptHere();
    if (size != sizeof(T) || !kept.first) return ::operator new(size);
    --kept.count;
    return std::exchange(kept.first, kept.first->next);
  }
  static void operator delete(void* memory, std::size_t size) noexcept {
    Kept& kept = keptHere();
    if (size != sizeof(T) || kept.count >= kKept) return ::operator delete(memory);
    kept.first = new (memory) Place{kept.first};
    ++kept.count;
  }
#endif

 protected:
  ~Pooled() = default;

 private:
  static constexpr std::size_t kKept = 64;

  struct Place {
    Place* next;
  };
  struct Kept {
    Kept() = default;
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    ~Kept() {
      count = kKept;  // what is deleted at the thread's very end is kept no more
      while (first) ::operator delete(std::exchange(first, first->next));
    }
    Place* first = nullptr;
    std::size_t count = 0;
  };
  static Kept& keptHere() noexcept {
    static_assert(sizeof(T) >= sizeof(Place) && alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    static thread_local Kept kept;
    return kept;
  }
};

}  // namespace culvert

// A value or the reason why there is none: what small fallible calls return while the program runs.
#pragma once

#include "base/Assert.h"
#include "base/Errc.h"

#include <system_error>
#include <utility>
#include <variant>

namespace culvert {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(std::error_code error) : state_(std::in_place_index<1>, error) {}
  Result(Errc error) : Result(make_error_code(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  /// Empty when there is a value.
  [[nodiscard]] std::error_code error() const noexcept {
    return ok() ? std::error_code() : std::get<1>(state_);
  }

  T& value() & {
    CULVERT_ASSERT(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    CULVERT_ASSERT(ok());
    return std::get<0>(state_);
  }
  T value() && {
    CULVERT_ASSERT(ok());
    return std::move(std::get<0>(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, std::error_code> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(std::error_code error) : error_(error) {}
  Result(Errc error) : Result(make_error_code(error)) {}

  [[nodiscard]] bool ok() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }

 private:
  std::error_code error_;
};

}  // namespace culvert

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace kdump {

/// A value or an Error. Source-compatible with what std::expected offers (has_value, *, ->, error,
/// value_or), which GCC 11 and clang 14 do not have; an Error converts implicitly, so `return
/// make_error(...)` reads as it should.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Both convert implicitly, as std::expected's do.
  // NOLINTBEGIN(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& operator*() & { return std::get<0>(state_); }
  [[nodiscard]] const T& operator*() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& operator*() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] T* operator->() { return &std::get<0>(state_); }
  [[nodiscard]] const T* operator->() const { return &std::get<0>(state_); }

  [[nodiscard]] Error& error() & { return std::get<1>(state_); }
  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

  template <typename U>
  [[nodiscard]] T value_or(U&& other) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(other));
  }

  /// The value, moved out; for TRY.
  [[nodiscard]] T take() && { return std::get<0>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const& { return *error_; }
  [[nodiscard]] Error&& error() && { return *std::move(error_); }
  void take() && {}

 private:
  std::optional<Error> error_;
};

/// Success without a value, or an Error.
using Status = Result<void>;

}  // namespace kdump

// Unwraps a Result, or returns its Error from the enclosing function:
//   const std::string text = TRY(read_file(path));
#define KDUMP_TRY_NAME2(line) kdump_try_result_##line
#define KDUMP_TRY_NAME(line) KDUMP_TRY_NAME2(line)
#define KDUMP_TRY_IMPL(result, expression)                     \
  __extension__({                                              \
    auto result = (expression);                                \
    if (!result.has_value()) return std::move(result).error(); \
    std::move(result).take();                                  \
  })
#define TRY(expression) KDUMP_TRY_IMPL(KDUMP_TRY_NAME(__COUNTER__), expression)

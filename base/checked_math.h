// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <concepts>
#include <optional>

namespace kdump {

/// Arithmetic on numbers that hostile input chose: nothing on overflow.
template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, T b) {
  T out{};
  if (__builtin_add_overflow(a, b, &out)) return std::nullopt;
  return out;
}

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_mul(T a, T b) {
  T out{};
  if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
  return out;
}

/// `value` rounded up to a power-of-two `alignment`.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_align_up(T value, T alignment) {
  const std::optional<T> sum = checked_add<T>(value, alignment - 1);
  if (!sum) return std::nullopt;
  return static_cast<T>(*sum & ~(alignment - 1));
}

}  // namespace kdump

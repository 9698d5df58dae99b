// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace kdump {

/// An integer of fixed byte order and alignment 1, for on-disk structures: a struct of these has no
/// padding and can be laid over any byte buffer on any host.
template <typename T, std::endian Order>
class PackedInt {
 public:
  constexpr PackedInt() = default;
  constexpr PackedInt(T value) { *this = value; }  // NOLINT(google-explicit-constructor)

  constexpr PackedInt& operator=(T value) {
    auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_[position(i)] = static_cast<std::uint8_t>(bits & 0xffU);
      if constexpr (sizeof(T) > 1) bits = static_cast<std::make_unsigned_t<T>>(bits >> 8U);
    }
    return *this;
  }

  constexpr operator T() const {  // NOLINT(google-explicit-constructor)
    std::make_unsigned_t<T> bits = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
      if constexpr (sizeof(T) > 1) bits = static_cast<std::make_unsigned_t<T>>(bits << 8U);
      bits = static_cast<std::make_unsigned_t<T>>(bits | bytes_[position(i)]);
    }
    return static_cast<T>(bits);
  }

 private:
  static constexpr std::size_t position(std::size_t i) {
    return Order == std::endian::little ? i : sizeof(T) - 1 - i;
  }
  std::array<std::uint8_t, sizeof(T)> bytes_{};
};

using Le16 = PackedInt<std::uint16_t, std::endian::little>;
using Le32 = PackedInt<std::uint32_t, std::endian::little>;
using Le64 = PackedInt<std::uint64_t, std::endian::little>;
using LeI32 = PackedInt<std::int32_t, std::endian::little>;
using LeI64 = PackedInt<std::int64_t, std::endian::little>;
using Be16 = PackedInt<std::uint16_t, std::endian::big>;
using Be32 = PackedInt<std::uint32_t, std::endian::big>;
using Be64 = PackedInt<std::uint64_t, std::endian::big>;
using BeI64 = PackedInt<std::int64_t, std::endian::big>;

static_assert(sizeof(Le64) == 8 && alignof(Le64) == 1);

}  // namespace kdump

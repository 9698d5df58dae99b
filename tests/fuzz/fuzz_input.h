// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace kdump::capture::fuzz {

/// A fuzzer's bytes, taken from the front. What is behind the end reads as zero.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size)
      : bytes_(std::as_bytes(std::span(data, size))) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  template <typename T>
  requires std::is_trivially_copyable_v<T> T take() {
    T value{};
    const auto part = take_bytes(sizeof(T));
    if (!part.empty()) std::memcpy(&value, part.data(), part.size());
    return value;
  }

  /// At most `size` of them.
  std::span<const std::byte> take_bytes(std::size_t size) {
    const auto part = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(part.size());
    return part;
  }
  std::span<const std::byte> take_rest() { return take_bytes(bytes_.size()); }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace kdump::capture::fuzz

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/kernel/kernel_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace kdump::capture {

/// Reads a table of the crashed kernel from front to back, through one buffer.
class KernelStream {
 public:
  /// The `size` bytes from `start` on; nothing behind them is ever read.
  KernelStream(const KernelMemory& memory, VirtAddr start, std::uint64_t size)
      : memory_(memory), start_(start), size_(size) {}

  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t left() const { return size_ - position_; }

  /// kBadData: fewer bytes are left.
  Status skip(std::uint64_t bytes) {
    if (bytes > left()) return make_error(ErrorKind::kBadData, "a table ends too early");
    position_ += bytes;
    return {};
  }

  /// Valid until the next call; at most kWindow bytes.
  Result<std::span<const std::byte>> take(std::size_t bytes) {
    if (const std::byte* const there = next(bytes)) return std::span(there, bytes);
    const std::uint64_t at = position_;
    TRY(skip(bytes));
    TRY(fill(at, bytes));
    return std::span<const std::byte>(window_).first(bytes);
  }

  /// As take(), for what is in the buffer already; null: it is not. Tables have a million small
  /// pieces.
  const std::byte* next(std::size_t bytes) {
    const std::uint64_t inside = position_ - window_start_;
    if (inside > window_.size() || bytes > window_.size() - inside) return nullptr;
    position_ += bytes;
    return window_.data() + inside;
  }

  /// What next() has without reading.
  [[nodiscard]] std::span<const std::byte> buffered() const {
    const std::uint64_t inside = std::min<std::uint64_t>(position_ - window_start_, window_.size());
    return std::span(window_).subspan(static_cast<std::size_t>(inside));
  }

  template <typename T>
  requires std::is_trivially_copyable_v<T> Result<T> take_value() {
    T value;
    const std::byte* from = next(sizeof(T));
    if (from == nullptr) from = TRY(take(sizeof(T))).data();
    std::memcpy(&value, from, sizeof(T));
    return value;
  }

  static constexpr std::size_t kWindow = std::size_t{32} << 10U;

 private:
  Status fill(std::uint64_t at, std::size_t bytes) {
    window_start_ = at;
    window_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kWindow, size_ - at)));
    if (memory_.read(start_ + at, window_)) return {};
    // What lies further on need not be readable.
    window_.resize(bytes);
    auto status = memory_.read(start_ + at, window_);
    if (!status) window_.clear();
    return status;
  }

  const KernelMemory& memory_;
  VirtAddr start_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
  std::uint64_t window_start_ = 0;
  std::vector<std::byte> window_;
};

}  // namespace kdump::capture

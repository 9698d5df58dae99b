// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/packed_int.h"

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace kdump::kexec::x86 {

/// Machine code put together byte by byte.
class Emitter {
 public:
  void bytes(std::initializer_list<unsigned> values) {
    for (const unsigned value : values) out_.push_back(static_cast<std::byte>(value));
  }
  template <typename T>
  void value(T number) {
    const PackedInt<T, std::endian::little> packed = number;
    for (const std::byte each : std::as_bytes(std::span(&packed, 1))) out_.push_back(each);
  }
  /// With its final NUL.
  void text(std::string_view text) {
    for (const char c : text) out_.push_back(static_cast<std::byte>(c));
    out_.push_back(std::byte{0});
  }
  void append(const std::vector<std::byte>& more) {
    out_.insert(out_.end(), more.begin(), more.end());
  }
  void pad_to(std::size_t size) { out_.resize(size); }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] std::vector<std::byte> take() && { return std::move(out_); }

 private:
  std::vector<std::byte> out_;
};

}  // namespace kdump::kexec::x86

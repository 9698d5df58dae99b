// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "capture/kernel/address_space.h"
#include "capture/vmcore/memory_image.h"

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace kdump::capture {

/// Some of the crashed kernel's memory.
struct KernelPiece {
  VirtAddr start;
  std::uint64_t size = 0;
};

/// The crashed kernel's memory by its own addresses; for one thread.
class KernelMemory {
 public:
  KernelMemory(const MemoryImage& image, std::unique_ptr<AddressSpace> space)
      : image_(image), space_(std::move(space)) {}

  /// As AddressSpace::translate.
  [[nodiscard]] Result<Translation> translate(VirtAddr address) const {
    return space_->translate(address);
  }

  /// As AddressSpace::walk.
  [[nodiscard]] Result<Translation> walk(VirtAddr address) const { return space_->walk(address); }
  /// As AddressSpace::top_tables.
  [[nodiscard]] std::vector<PhysAddr> top_tables() const { return space_->top_tables(); }

  /// All of `into`, across as many pages as it takes; errors name the address. An address that the
  /// page tables do not map is looked up in the image's headers.
  Status read(VirtAddr address, std::span<std::byte> into) const;

  template <typename T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] Result<T> read(VirtAddr address) const {
    T value{};
    TRY(read(address, std::as_writable_bytes(std::span(&value, 1))));
    return value;
  }

  [[nodiscard]] const MemoryImage& image() const { return image_; }

 private:
  [[nodiscard]] Result<Translation> locate(VirtAddr address) const;

  const MemoryImage& image_;
  std::unique_ptr<AddressSpace> space_;
};

}  // namespace kdump::capture

// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "base/address_range.h"
#include "base/result.h"
#include "capture/vmcore/utsname.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace kdump::capture {

/// One thread's moving window on the memory of a MemoryImage.
class MemoryView {
 public:
  virtual ~MemoryView() = default;

  /// The bytes at `address`: at least one, at most `size`, as many as the window shows in one
  /// piece. They stay valid until the next call. When the image is mapped they are the mapping
  /// itself, and touching them may raise SIGBUS: do it inside without_fault()
  /// (capture/vmcore/fault_guard.h). kUnreadable: no memory of the image is there.
  virtual Result<std::span<const std::byte>> at(PhysAddr address, std::size_t size) = 0;

  /// Copies `into.size()` bytes from `address`, whatever lies under them: for a caller who wants
  /// all of them, once. kUnreadable: some are not in the image or cannot be read.
  virtual Status copy(PhysAddr address, std::span<std::byte> into);
};

/// What is left of a crashed machine: its physical memory and the notes its kernel wrote. Const and
/// safe for concurrent use.
class MemoryImage {
 public:
  virtual ~MemoryImage() = default;

  /// e_machine of elf(5): EM_X86_64, EM_AARCH64, ...
  [[nodiscard]] virtual std::uint16_t machine() const = 0;

  /// Physical memory that the image holds, in bytes. A range may begin or end inside a page.
  [[nodiscard]] virtual const RangeSet& ranges() const = 0;

  /// Bytes of memory that the image's headers announce and its file does not have (a copy that was
  /// cut off). They are not in ranges().
  [[nodiscard]] virtual std::uint64_t missing_bytes() const = 0;

  /// The image is a dump whose writer did not come to its end: pages are missing.
  [[nodiscard]] virtual bool incomplete() const { return false; }

  /// Parts of the memory were erased when the image was made (makedumpfile --config), and it has a
  /// record of that.
  [[nodiscard]] virtual bool erased() const { return false; }

  /// Bytes of memory that finding addresses in the image takes, whatever is read.
  [[nodiscard]] virtual std::uint64_t index_bytes() const { return 0; }

  /// What was left out when the image was made (the bits of `makedumpfile -d`), as far as it says.
  [[nodiscard]] virtual std::uint32_t dump_level() const { return 0; }

  /// The names that the image's own header gives the machine, for formats that have them.
  [[nodiscard]] virtual std::optional<Utsname> utsname() const { return std::nullopt; }

  /// `bits`: one for each page from `first` (a multiple of 8) on, bit N in byte N / 8. Clears those
  /// of pages that were left out when the image was made, although they lie in ranges().
  virtual Status keep_present(Pfn /*first*/, std::span<std::byte> /*bits*/) const { return {}; }

  /// Where the image's own headers (p_vaddr of its PT_LOADs) place a kernel address. A last resort
  /// behind page tables: some kernels write wrong ones.
  [[nodiscard]] virtual std::optional<PhysAddr> header_address(VirtAddr address) const = 0;

  /// The other way: the kernel address that the image's own headers give a physical one, for
  /// formats that repeat it.
  [[nodiscard]] virtual std::optional<VirtAddr> header_virtual(PhysAddr /*address*/) const {
    return std::nullopt;
  }

  /// Copies `into.size()` bytes from `address`; they may span ranges that touch. kUnreadable: some
  /// of them are not in the image or cannot be read.
  virtual Status read(PhysAddr address, std::span<std::byte> into) const = 0;

  /// A window for the calling thread. It must not outlive the image.
  [[nodiscard]] virtual std::unique_ptr<MemoryView> view() const = 0;

  /// Bytes of all PT_NOTE segments, one after the other.
  [[nodiscard]] virtual std::uint64_t notes_size() const = 0;

  /// Copies notes bytes from `offset`.
  virtual Status read_notes(std::uint64_t offset, std::span<std::byte> into) const = 0;
};

}  // namespace kdump::capture

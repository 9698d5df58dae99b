// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address.h"
#include "capture/vmcore/memory_image.h"

#include <cstddef>
#include <memory>
#include <span>

namespace kdump::capture {

/// Fetches whole pages out of an image, whatever becomes of them: one object a thread.
class PageReader {
 public:
  PageReader(const MemoryImage& image, PageShift shift)
      : image_(&image), view_(image.view()), shift_(shift) {}

  /// Copies a page into `into` (of the page's size). Bytes that the image does not hold are zero.
  /// False: nothing of the page is there, or it cannot be read.
  bool read(Pfn pfn, std::span<std::byte> into);

  /// Copies as many pages as `into` has room for, from `first` on, as far as the image holds whole
  /// ones; returns their number. 0: `first` is not such a page, or one of them cannot be read; then
  /// read() does better.
  std::size_t read_run(Pfn first, std::span<std::byte> into);

 private:
  /// Bytes from `address` on that the image holds in one range.
  [[nodiscard]] std::uint64_t bytes_at(PhysAddr address) const;

  const MemoryImage* image_;
  std::unique_ptr<MemoryView> view_;
  PageShift shift_;
};

/// The same for a page that the image holds in part, or in pieces; PageReader does it where needed.
[[nodiscard]] bool read_in_parts(const MemoryImage& image,
                                 PhysAddr address,
                                 std::span<std::byte> into);

/// All bytes are zero. The size is a multiple of 64.
[[nodiscard]] bool is_zero_page(std::span<const std::byte> page);

}  // namespace kdump::capture

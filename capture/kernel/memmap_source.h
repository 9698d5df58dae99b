// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/address_range.h"
#include "base/result.h"
#include "capture/kernel/kernel_memory.h"
#include "capture/kernel/known_pages.h"
#include "capture/kernel/mem_map.h"
#include "capture/kernel/page_layout.h"
#include "capture/kernel/sparse_memory.h"
#include "capture/vmcore/memory_image.h"
#include "capture/vmcore/vmcoreinfo.h"

#include <utility>
#include <vector>

namespace kdump::capture {

/// Everything needed to look at struct pages, resolved once and shared by all threads.
class MemMapSource {
 public:
  /// `pages`: the page frames of the image. An error says why no struct page of this image can be
  /// understood. The image and the VMCOREINFO must outlive the source.
  static Result<MemMapSource> find(const MemoryImage& image,
                                   const Vmcoreinfo& info,
                                   PageShift shift,
                                   const std::vector<Range>& pages);

  [[nodiscard]] const PageLayout& layout() const { return layout_; }
  [[nodiscard]] const SparseMemory& sparse() const { return sparse_; }
  /// Pages that are in use whatever their struct pages say.
  [[nodiscard]] const RangeSet& known() const { return known_; }
  [[nodiscard]] const RangeSet& certain() const { return certain_; }
  /// Free pages that their struct pages do not tell from others (capture/kernel/per_cpu_lists.h).
  [[nodiscard]] const RangeSet& per_cpu_free() const { return per_cpu_free_; }
  void set_per_cpu_free(RangeSet frames) { per_cpu_free_ = std::move(frames); }
  void set_known(const KnownPages& known) {
    known_ = known.all();
    certain_ = known.certain;
  }

  /// A memmap for the calling thread; it must not outlive the source.
  [[nodiscard]] Result<MemMap> open() const;

 private:
  MemMapSource(const MemoryImage& image,
               const Vmcoreinfo& info,
               const PageLayout& layout,
               const SparseMemory& sparse)
      : image_(&image), info_(&info), layout_(layout), sparse_(sparse) {}

  const MemoryImage* image_;
  const Vmcoreinfo* info_;
  PageLayout layout_;
  SparseMemory sparse_;
  RangeSet known_;
  RangeSet certain_;
  RangeSet per_cpu_free_;
};

}  // namespace kdump::capture

// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/memmap_source.h"

namespace kdump::capture {

Result<MemMapSource> MemMapSource::find(const MemoryImage& image,
                                        const Vmcoreinfo& info,
                                        PageShift shift,
                                        const std::vector<Range>& pages) {
  const PageLayout layout = TRY(resolve_page_layout(info));
  const KernelMemory memory(image, TRY(make_address_space(image, info)));
  const SparseMemory sparse = TRY(SparseMemory::find(info, shift, pages, memory));
  return MemMapSource(image, info, layout, sparse);
}

Result<MemMap> MemMapSource::open() const {
  return MemMap(layout_, sparse_, KernelMemory(*image_, TRY(make_address_space(*image_, *info_))));
}

}  // namespace kdump::capture
